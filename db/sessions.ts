import { sql, type Kysely } from "kysely";
import { inTurn } from "./row-turns";
import type { Database, NewSession, SessionRow, User } from "./schema";

/**
 * Opens the session only if nothing has ended all sessions since the user was read: the epoch is checked and the user's row
 * locked by the insertion itself. False if the login came too late, or the user is disabled.
 */
export async function insertSession(
  db: Kysely<Database>,
  session: NewSession,
  { sessionEpoch }: { sessionEpoch: number },
): Promise<boolean> {
  const { userId, idleExpiresAt, ...values } = session;
  const columns = Object.keys(values) as (keyof typeof values)[];
  return inTurn(db, userId, async () => {
    const { numInsertedOrUpdatedRows } = await db
      .insertInto("sessions")
      .columns(["userId", "idleExpiresAt", ...columns])
      .expression((eb) =>
        eb
          .selectFrom("users")
          .select([
            "users.id as userId",
            sql`least(${idleExpiresAt}, ${session.absoluteExpiresAt})`.as("idleExpiresAt"),
            ...columns.map((column) => eb.val(values[column]).as(column)),
          ])
          .where("users.id", "=", userId)
          .where("users.sessionEpoch", "=", sessionEpoch)
          .where("users.disabledAt", "is", null)
          // MariaDB has no FOR SHARE.
          .modifyEnd(sql`lock in share mode`),
      )
      .executeTakeFirstOrThrow();
    return numInsertedOrUpdatedRows === 1n;
  });
}

export type SessionWithUser = SessionRow &
  Pick<User, "email" | "fullName" | "role" | "sessionEpoch"> & { userDisabledAt: Date | null };

export async function findSessionWithUser(db: Kysely<Database>, id: string): Promise<SessionWithUser | undefined> {
  return db
    .selectFrom("sessions")
    .innerJoin("users", "users.id", "sessions.userId")
    .selectAll("sessions")
    .select(["users.email", "users.fullName", "users.role", "users.sessionEpoch", "users.disabledAt as userDisabledAt"])
    .where("sessions.id", "=", id)
    .executeTakeFirst();
}

/** The id of the user whose session this is, whether or not it lives. */
export async function findSessionOwner(db: Kysely<Database>, id: string): Promise<string | undefined> {
  const session = await db.selectFrom("sessions").select("userId").where("id", "=", id).executeTakeFirst();
  return session?.userId;
}

/** Whether the session may be used still, without its user. */
export async function isSessionLive(db: Kysely<Database>, id: string, now: Date): Promise<boolean> {
  const session = await db
    .selectFrom("sessions")
    .select("id")
    .where("id", "=", id)
    .where("revokedAt", "is", null)
    .where("idleExpiresAt", ">", now)
    .executeTakeFirst();
  return session !== undefined;
}

/** What a session learns from the client each time it gets a new refresh token. */
export interface Sighting {
  now: Date;
  idleExpiresAt: Date;
  ip: string;
  userAgent: string;
  browser: string;
  os: string;
  deviceType: string;
}

/**
 * Puts `toNonce` in the place of `fromNonce`. False for whoever lost a race: read and judge again. `handedAt` is part of what
 * was judged: a token that was handed out since then may be on its way.
 */
export async function advanceSession(
  db: Kysely<Database>,
  {
    id,
    fromNonce,
    toNonce,
    handedAt,
    ...sighting
  }: Sighting & { id: string; fromNonce: string; toNonce: string; handedAt: Date },
): Promise<boolean> {
  return inTurn(db, id, async () => {
    const { numUpdatedRows } = await liveSession(db, id, sighting.now)
      // MySQL assigns from left to right: the old nonce must be copied before it is replaced.
      .set((eb) => ({ previousNonce: eb.ref("currentNonce"), currentNonce: toNonce, ...seen(sighting) }))
      .where("currentNonce", "=", fromNonce)
      .where("handedAt", "=", handedAt)
      .executeTakeFirstOrThrow();
    return numUpdatedRows === 1n;
  });
}

/** For a lost reply: a sibling takes the place of the successor that nobody received, which dies. False if a race was lost. */
export async function replaceSuccessor(
  db: Kysely<Database>,
  {
    id,
    currentNonce,
    previousNonce,
    toNonce,
    handedAt,
    ...sighting
  }: Sighting & {
    id: string;
    currentNonce: string;
    previousNonce: string | null;
    toNonce: string;
    handedAt: Date;
  },
): Promise<boolean> {
  return inTurn(db, id, async () => {
    const { numUpdatedRows } = await liveSession(db, id, sighting.now)
      .set((eb) => ({
        currentNonce: toNonce,
        recoveredAt: sighting.now,
        recoveries: eb("recoveries", "+", 1),
        ...seen(sighting),
      }))
      .where("currentNonce", "=", currentNonce)
      .where("previousNonce", "=", previousNonce)
      .where("handedAt", "=", handedAt)
      .executeTakeFirstOrThrow();
    return numUpdatedRows === 1n;
  });
}

/** For the same successor handed out once more. False if it is not the successor any longer. */
export async function touchHanded(
  db: Kysely<Database>,
  {
    id,
    currentNonce,
    previousNonce,
    now,
  }: { id: string; currentNonce: string; previousNonce: string | null; now: Date },
): Promise<boolean> {
  return inTurn(db, id, async () => {
    const { numUpdatedRows } = await liveSession(db, id, now)
      .set({ handedAt: sql<Date>`greatest(handed_at, cast(${now} as datetime(3)))` })
      .where("currentNonce", "=", currentNonce)
      .where("previousNonce", "=", previousNonce)
      .executeTakeFirstOrThrow();
    return numUpdatedRows === 1n;
  });
}

export type LiveSession = Pick<
  SessionRow,
  "id" | "ip" | "browser" | "os" | "deviceType" | "createdAt" | "lastSeenAt" | "idleExpiresAt" | "recoveredAt"
>;

/** Most recently seen first. */
export async function listLiveSessions(db: Kysely<Database>, userId: string, now: Date): Promise<LiveSession[]> {
  return db
    .selectFrom("sessions")
    .select(["id", "ip", "browser", "os", "deviceType", "createdAt", "lastSeenAt", "idleExpiresAt", "recoveredAt"])
    .where("userId", "=", userId)
    .where("revokedAt", "is", null)
    .where("idleExpiresAt", ">", now)
    .orderBy("lastSeenAt", "desc")
    .orderBy("id", "desc")
    .execute();
}

/** The conditions hold when the row is locked, so a revocation that committed first always wins. The user's row is only read. */
function liveSession(db: Kysely<Database>, id: string, now: Date) {
  return db
    .updateTable("sessions")
    .where("id", "=", id)
    .where("revokedAt", "is", null)
    .where("idleExpiresAt", ">", now)
    .where((eb) =>
      eb.exists(
        eb
          .selectFrom("users")
          .select("users.id")
          .whereRef("users.id", "=", "sessions.userId")
          .where("users.disabledAt", "is", null),
      ),
    );
}

function seen({ now, idleExpiresAt, ip, userAgent, browser, os, deviceType }: Sighting) {
  return {
    generation: sql<number>`generation + 1`,
    rotatedAt: now,
    handedAt: now,
    lastSeenAt: now,
    idleExpiresAt: sql<Date>`least(cast(${idleExpiresAt} as datetime(3)), absolute_expires_at)`,
    ip,
    userAgent,
    browser,
    os,
    deviceType,
  };
}
