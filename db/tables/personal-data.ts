import type { Kysely } from "kysely";
import type { Database } from "@/db/schema";

interface TableRule<Table> {
  /** The column that names the user whose data a row is. Null: no row belongs to a person, for this reason. */
  owner: (keyof Table & string) | { none: string };
  /** Whether the person gets a column in an export; if not, why. */
  columns: Readonly<Record<keyof Table, "exported" | { omitted: string }>>;
}

const SECRET = { omitted: "secret" };
/** Says nothing about the person that another column does not say. */
const INTERNAL = { omitted: "internal" };
const OWNER = { omitted: "the account's id" };

/**
 * Every table, and what an export contains of it. The rows of a person are deleted with the account: by foreign keys that cascade, which
 * `personal-data.db.test.ts` checks against the database, together with the completeness of this list.
 */
export const PERSONAL_DATA: { readonly [Name in keyof Database]: TableRule<Database[Name]> } = {
  users: {
    owner: "id",
    columns: {
      id: "exported",
      email: "exported",
      fullName: "exported",
      passwordHash: SECRET,
      role: "exported",
      sessionEpoch: INTERNAL,
      disabledAt: "exported",
      emailVerifiedAt: "exported",
      devicesForgottenAt: "exported",
      deletesAt: "exported",
      lockCount: INTERNAL,
      createdAt: "exported",
      updatedAt: "exported",
    },
  },
  sessions: {
    owner: "userId",
    columns: {
      id: "exported",
      userId: OWNER,
      remember: "exported",
      generation: INTERNAL,
      currentNonce: SECRET,
      previousNonce: SECRET,
      rotatedAt: INTERNAL,
      handedAt: INTERNAL,
      createdAt: "exported",
      authenticatedAt: "exported",
      authenticationMethods: "exported",
      lastSeenAt: "exported",
      idleExpiresAt: "exported",
      absoluteExpiresAt: "exported",
      ip: "exported",
      userAgent: "exported",
      browser: "exported",
      os: "exported",
      deviceType: "exported",
      recoveredAt: "exported",
      recoveries: "exported",
      revokedAt: "exported",
      revokedReason: "exported",
    },
  },
  confirmations: {
    owner: "userId",
    columns: {
      id: INTERNAL,
      userId: OWNER,
      purpose: "exported",
      email: "exported",
      salt: SECRET,
      askedBySessionId: "exported",
      codeTries: "exported",
      createdAt: "exported",
      expiresAt: "exported",
      usedAt: "exported",
      supersededAt: "exported",
    },
  },
  outgoingMails: {
    owner: "userId",
    columns: {
      id: INTERNAL,
      userId: OWNER,
      confirmationId: INTERNAL,
      kind: "exported",
      recipient: "exported",
      details: "exported",
      createdAt: "exported",
      nextAttemptAt: INTERNAL,
      attempts: "exported",
      sentAt: "exported",
      failedAt: "exported",
      lastError: { omitted: "a text of the mail server" },
    },
  },
  totpSecrets: {
    owner: "userId",
    columns: {
      userId: OWNER,
      secret: SECRET,
      driftSteps: INTERNAL,
      lastStep: INTERNAL,
      confirmedAt: "exported",
      pendingSecret: SECRET,
      pendingSince: INTERNAL,
      createdAt: "exported",
    },
  },
  recoveryCodes: {
    owner: "userId",
    columns: {
      userId: OWNER,
      number: "exported",
      codeHash: SECRET,
      createdAt: "exported",
      usedAt: "exported",
    },
  },
  passkeys: {
    owner: "userId",
    columns: {
      id: INTERNAL,
      userId: OWNER,
      credentialId: "exported",
      publicKey: SECRET,
      rpId: "exported",
      name: "exported",
      transports: "exported",
      aaguid: "exported",
      signatureCounter: INTERNAL,
      backedUp: "exported",
      createdAt: "exported",
      lastUsedAt: "exported",
    },
  },
  challenges: {
    owner: "userId",
    columns: {
      id: INTERNAL,
      ceremony: "exported",
      userId: OWNER,
      boundTo: INTERNAL,
      challenge: SECRET,
      createdAt: "exported",
      expiresAt: "exported",
      usedAt: "exported",
    },
  },
  rateLimits: {
    owner: { none: "a bucket is a digest, and is deleted when its window is over" },
    columns: { bucket: INTERNAL, hits: INTERNAL, recent: INTERNAL, expiresAt: INTERNAL },
  },
  heartbeats: {
    owner: { none: "about instances of the app" },
    columns: { name: INTERNAL, writtenAt: INTERNAL },
  },
  signingKeys: {
    owner: { none: "keys of the installation" },
    columns: {
      sequence: INTERNAL,
      id: INTERNAL,
      privateKey: SECRET,
      createdAt: INTERNAL,
      signsFrom: INTERNAL,
      compromisedAt: INTERNAL,
    },
  },
};

export type PersonalRow = Record<string, unknown>;

/** The exported columns of each table that has rows of persons, by table; of each table the newest `atMost` rows. */
export async function readPersonalData(
  db: Kysely<Database>,
  userId: string,
  atMost: number,
): Promise<Map<string, PersonalRow[]>> {
  const found = new Map<string, PersonalRow[]>();
  for (const [table, { owner, columns }] of Object.entries(PERSONAL_DATA)) {
    if (typeof owner !== "string") continue;
    const exported = Object.keys(columns).filter((name) => columns[name as keyof typeof columns] === "exported");
    // Kysely cannot type a table that is chosen at run time: any of them stands for all.
    const rows = db
      .selectFrom(table as "users")
      .select(exported as "id"[])
      .where(owner as "id", "=", userId);
    found.set(table, await rows.orderBy("createdAt", "desc").limit(atMost).execute());
  }
  return found;
}
