import type { Generated, Insertable, Selectable } from "kysely";

export interface Database {
  users: UsersTable;
  sessions: SessionsTable;
  rateLimits: RateLimitsTable;
  heartbeats: HeartbeatsTable;
  confirmations: ConfirmationsTable;
  outgoingMails: OutgoingMailsTable;
}

interface UsersTable {
  id: string;
  email: string;
  fullName: string;
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

export type User = Selectable<UsersTable>;
export type NewUser = Insertable<UsersTable>;
export type Confirmation = Selectable<ConfirmationsTable>;
export type SessionRow = Selectable<SessionsTable>;
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
> & { authenticatedAt: Date };
