import type { Generated, Insertable, Selectable } from "kysely";

export interface Database {
  users: UsersTable;
  sessions: SessionsTable;
  rateLimits: RateLimitsTable;
  heartbeats: HeartbeatsTable;
  confirmations: ConfirmationsTable;
  outgoingMails: OutgoingMailsTable;
  totpSecrets: TotpSecretsTable;
  recoveryCodes: RecoveryCodesTable;
  passkeys: PasskeysTable;
  challenges: ChallengesTable;
  signingKeys: SigningKeysTable;
}

interface UsersTable {
  id: string;
  email: string;
  fullName: string;
  /** Empty for an account that has passkeys only: no password matches it. */
  passwordHash: string;
  role: Generated<string>;
  /** Incremented whenever all sessions end; a login that read an older epoch opens no session. */
  sessionEpoch: Generated<number>;
  disabledAt: Generated<Date | null>;
  emailVerifiedAt: Generated<Date | null>;
  /** A device last seen before it no longer counts as known. */
  devicesForgottenAt: Generated<Date | null>;
  /** When the account is purged; until then the deletion can be undone. */
  deletesAt: Generated<Date | null>;
  /** Written where a lock of the row would not suffice, see `lockUserRow`. */
  lockCount: Generated<number>;
  createdAt: Date;
  updatedAt: Date;
}

interface SessionsTable {
  id: string;
  userId: string;
  remember: boolean;
  generation: number;
  currentNonce: string;
  previousNonce: string | null;
  rotatedAt: Date;
  handedAt: Date;
  createdAt: Date;
  /** When the user last authenticated; null if that was at `createdAt`, in rows of a version before this column. */
  authenticatedAt: Date | null;
  /** How: values of `amr` (RFC 8176), separated by blanks; null in older rows: by password. */
  authenticationMethods: Generated<string | null>;
  lastSeenAt: Date;
  /** Never later than `absoluteExpiresAt`, so that one index finds every expired session. */
  idleExpiresAt: Date;
  absoluteExpiresAt: Date;
  ip: string;
  userAgent: string;
  browser: string;
  os: string;
  deviceType: string;
  recoveredAt: Generated<Date | null>;
  recoveries: Generated<number>;
  /** By the database's clock, which all instances share. */
  revokedAt: Generated<Date | null>;
  revokedReason: Generated<string | null>;
}

interface RateLimitsTable {
  bucket: string;
  hits: number;
  /** The time of each hit, see `countHit`. Empty in a row written by a version before this column. */
  recent: Generated<string>;
  expiresAt: Date;
}

interface HeartbeatsTable {
  name: string;
  writtenAt: Date;
}

/** A link and a code sent by mail. Both are derived from the row with a secret. */
interface ConfirmationsTable {
  id: string;
  userId: string;
  purpose: string;
  /** The address that the purpose concerns. */
  email: string;
  salt: string;
  /** The session that asked for it; a browser with this session confirms without a code. */
  askedBySessionId: string | null;
  codeTries: Generated<number>;
  createdAt: Date;
  expiresAt: Date;
  usedAt: Generated<Date | null>;
  /** Ended before its use, by a later change of credentials. */
  supersededAt: Generated<Date | null>;
}

interface OutgoingMailsTable {
  id: string;
  /** Null for a request whose address may belong to no account. */
  userId: string | null;
  /** The confirmation whose link the mail contains; opened when the mail is composed. */
  confirmationId: Generated<string | null>;
  kind: string;
  recipient: string;
  /** JSON. */
  details: string;
  createdAt: Date;
  /** Null once the mail is sent or given up. A claim moves it into the future. */
  nextAttemptAt: Date | null;
  attempts: Generated<number>;
  sentAt: Generated<Date | null>;
  failedAt: Generated<Date | null>;
  lastError: Generated<string | null>;
}

/** The authenticator app of an account. Secrets are encrypted, see `server/runtime/encryption.ts`. */
interface TotpSecretsTable {
  userId: string;
  /** Null until the first code has proved it. */
  secret: Generated<string | null>;
  /** By how many steps the app's clock differs from the database's, measured when it was added. */
  driftSteps: Generated<number>;
  /** The step of the last accepted code: it and earlier ones are refused. */
  lastStep: Generated<number | null>;
  confirmedAt: Generated<Date | null>;
  /** Replaces `secret` once a code has proved it. */
  pendingSecret: Generated<string | null>;
  pendingSince: Generated<Date | null>;
  createdAt: Date;
}

interface RecoveryCodesTable {
  userId: string;
  number: number;
  codeHash: string;
  createdAt: Date;
  usedAt: Generated<Date | null>;
}

interface PasskeysTable {
  id: string;
  userId: string;
  /** Base64url, as the key. */
  credentialId: string;
  publicKey: string;
  /** The domain that the passkey was made for. */
  rpId: string;
  name: string;
  /** Separated by blanks. */
  transports: string;
  aaguid: string;
  signatureCounter: number;
  backedUp: boolean;
  createdAt: Date;
  lastUsedAt: Generated<Date | null>;
}

/** The second step of a login, or a ceremony of WebAuthn, that was begun. */
interface ChallengesTable {
  id: string;
  ceremony: string;
  /** Null for a login by passkey, which names its account only when it ends. */
  userId: string | null;
  /** The session, or the challenge of the login, that began it. */
  boundTo: Generated<string | null>;
  /** 128 random bits in base64url, for WebAuthn. */
  challenge: Generated<string | null>;
  createdAt: Date;
  expiresAt: Date;
  usedAt: Generated<Date | null>;
}

/** The keys that sign bearer tokens. All instants are of the database's clock, which all instances share. */
interface SigningKeysTable {
  /** Their order, from 1. */
  sequence: number;
  /** Sent as `kid`: the thumbprint of the public key (RFC 7638). */
  id: string;
  /** A JWK, encrypted, see `server/runtime/encryption.ts`. */
  privateKey: string;
  /** Published since. */
  createdAt: Date;
  signsFrom: Date;
  /** Neither published nor accepted since. */
  compromisedAt: Generated<Date | null>;
}

export type User = Selectable<UsersTable>;
export type NewUser = Insertable<UsersTable>;
export type Confirmation = Selectable<ConfirmationsTable>;
export type SessionRow = Selectable<SessionsTable>;
export type TotpSecret = Selectable<TotpSecretsTable>;
export type Passkey = Selectable<PasskeysTable>;
export type NewPasskey = Insertable<PasskeysTable>;
export type Challenge = Selectable<ChallengesTable>;
export type NewChallenge = Insertable<ChallengesTable>;
export type SigningKey = Selectable<SigningKeysTable>;
export type OutgoingMail = Selectable<OutgoingMailsTable>;
export type NewSession = Pick<
  Insertable<SessionsTable>,
  | "id"
  | "userId"
  | "remember"
  | "generation"
  | "currentNonce"
  | "rotatedAt"
  | "handedAt"
  | "createdAt"
  | "lastSeenAt"
  | "idleExpiresAt"
  | "absoluteExpiresAt"
  | "ip"
  | "userAgent"
  | "browser"
  | "os"
  | "deviceType"
> & { authenticatedAt: Date; authenticationMethods: string };
