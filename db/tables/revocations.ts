import { sql, type Kysely, type Transaction } from "kysely";
import { writeRow } from "@/db/keyed-mutex";
import type { Database, NewSession, User } from "@/db/schema";
import { REVOCATION_BATCH_SIZE, findSessionOwner, insertSession, type CallerIds } from "./sessions";
import { findUserOfLiveSession } from "./users";

/** What became of a session that was to end. *Unknown*: there is none, or, given `userId`, not that user's. */
export type RevocationResult = "ended" | "ended before" | "unknown";

/** Ends one session, for good: a second reason does not replace the first. */
export async function revokeSession(
  db: Kysely<Database>,
  { id, userId, reason }: { id: string; userId?: string; reason: string },
): Promise<RevocationResult> {
  return writeRow(db, id, async () => {
    const { numUpdatedRows, numChangedRows } = await db
      .updateTable("sessions")
      .set({
        // Assigned from left to right: the reason must look at the instant before it is set.
        revokedReason: sql<string>`if(revoked_at is null, ${reason}, revoked_reason)`,
        revokedAt: sql<Date>`coalesce(revoked_at, utc_timestamp(3))`,
      })
      .where("id", "=", id)
      .$if(userId !== undefined, (update) => update.where("userId", "=", userId!))
      .executeTakeFirstOrThrow();
    if (numUpdatedRows === 0n) return "unknown";
    return numChangedRows === 0n ? "ended before" : "ended";
  });
}

/**
 * Ends one of the caller's own sessions, by one statement that looks at the caller's session too. *Caller ended*: that one does
 * not live, and nothing was done.
 */
export async function revokeOwnSession(
  db: Kysely<Database>,
  { userId, sessionId }: CallerIds,
  { id, reason, now }: { id: string; reason: string; now: Date },
): Promise<RevocationResult | "caller ended"> {
  return writeRow(db, id, async () => {
    const { numAffectedRows } = await sql`
      update sessions as target
      join sessions as own on own.id = ${sessionId} and own.user_id = target.user_id
        and own.revoked_at is null and own.idle_expires_at > ${now}
      join users on users.id = own.user_id and users.disabled_at is null
      set target.revoked_at = utc_timestamp(3), target.revoked_reason = ${reason}
      where target.id = ${id} and target.user_id = ${userId} and target.revoked_at is null`.execute(db);
    if (numAffectedRows === 1n) return "ended";
    if ((await findUserOfLiveSession(db, { userId, sessionId }, now)) === undefined) return "caller ended";
    return (await findSessionOwner(db, id)) === userId ? "ended before" : "unknown";
  });
}

/**
 * Ends all of the caller's sessions but this one, and every login under way; returns how many of them the list would show at
 * `now`. Null, and nothing done, if the caller's session does not live.
 */
export async function revokeOtherSessions(
  db: Kysely<Database>,
  caller: CallerIds,
  reason: string,
  now: Date,
): Promise<number | null> {
  return revokeSessions(db, { ...caller, keepId: caller.sessionId, reason, now });
}

/**
 * The same for all sessions, this one too. Without `sessionId` nobody signed in asks, and none has to live. With `openedBy` only
 * those that were opened until then: for what the database hears of long after the person asked for it.
 */
export async function revokeAllSessions(
  db: Kysely<Database>,
  user: { userId: string; sessionId?: string; openedBy?: Date },
  reason: string,
  now: Date,
): Promise<number | null> {
  return revokeSessions(db, { ...user, reason, now });
}

async function revokeSessions(
  db: Kysely<Database>,
  {
    userId,
    sessionId,
    keepId,
    openedBy,
    reason,
    now,
  }: { userId: string; sessionId?: string; keepId?: string; openedBy?: Date; reason: string; now: Date },
): Promise<number | null> {
  return writeRow(db, userId, () =>
    db.transaction().execute(async (trx) => {
      const locked = await lockUser(trx, userId, now, openedBy);
      if (sessionId !== undefined && !isLiveSession(locked, sessionId)) return null;
      await trx
        .updateTable("users")
        .set((eb) => ({ sessionEpoch: eb("sessionEpoch", "+", 1) }))
        .where("id", "=", userId)
        .execute();
      return revokeByIds(
        trx,
        locked.openSessions.filter(({ id }) => id !== keepId),
        reason,
      );
    }),
  );
}

/**
 * Replaces the password, ends all sessions and opens `session` in the place of the caller's, or does none of it. *Wrong password*:
 * `oldHash` is not the user's any longer.
 */
export async function changePassword(
  db: Kysely<Database>,
  {
    userId,
    sessionId,
    oldHash,
    newHash,
    session,
    now,
  }: CallerIds & { oldHash: string; newHash: string; session: NewSession; now: Date },
): Promise<"changed" | "wrong password" | "caller ended"> {
  return writeRow(db, userId, () =>
    db.transaction().execute(async (trx) => {
      const locked = await lockUser(trx, userId, now);
      const { user } = locked;
      if (user === undefined || !isLiveSession(locked, sessionId)) return "caller ended";
      if (user.passwordHash !== oldHash) return "wrong password";
      const sessionEpoch = user.sessionEpoch + 1;
      await trx
        .updateTable("users")
        .set({ passwordHash: newHash, sessionEpoch, updatedAt: now })
        .where("id", "=", userId)
        .execute();
      await revokeByIds(trx, locked.openSessions, "password changed");
      await insertSession(trx, session, { sessionEpoch });
      return "changed";
    }),
  );
}

interface LockedUser {
  user: Pick<User, "passwordHash" | "sessionEpoch" | "disabledAt"> | undefined;
  openSessions: { id: string; isListed: number }[];
}

/**
 * Locks the user's row, so that no session can appear meanwhile, and then reads which sessions are open. Their ids are read
 * without a lock, for the reason given in `endAll`, by a statement of its own: it sees what committed while this waited for the row.
 */
async function lockUser(trx: Transaction<Database>, userId: string, now: Date, openedBy?: Date): Promise<LockedUser> {
  const user = await trx
    .selectFrom("users")
    .select(["passwordHash", "sessionEpoch", "disabledAt"])
    .where("id", "=", userId)
    .forUpdate()
    .executeTakeFirst();
  const openSessions = await trx
    .selectFrom("sessions")
    .select(["id", sql<number>`idle_expires_at > ${now}`.as("isListed")])
    .where("userId", "=", userId)
    .where("revokedAt", "is", null)
    .$if(openedBy !== undefined, (select) => select.where("createdAt", "<=", openedBy!))
    .execute();
  return { user, openSessions };
}

function isLiveSession({ user, openSessions }: LockedUser, sessionId: string): boolean {
  return user?.disabledAt === null && openSessions.some(({ id, isListed }) => id === sessionId && isListed === 1);
}

/**
 * Takes the rows by primary key: a scan of the index by user would lock index entries first, and deadlock with a purge, which
 * comes from the rows.
 */
async function revokeByIds(trx: Kysely<Database>, open: LockedUser["openSessions"], reason: string): Promise<number> {
  const end = async (ids: string[]): Promise<number> => {
    let ended = 0;
    for (let start = 0; start < ids.length; start += REVOCATION_BATCH_SIZE) {
      const { numUpdatedRows } = await trx
        .updateTable("sessions")
        .set({ revokedAt: sql<Date>`utc_timestamp(3)`, revokedReason: reason })
        .where("id", "in", ids.slice(start, start + REVOCATION_BATCH_SIZE))
        .where("revokedAt", "is", null)
        .executeTakeFirstOrThrow();
      ended += Number(numUpdatedRows);
    }
    return ended;
  };
  const idsOf = (these: LockedUser["openSessions"]) => these.map(({ id }) => id).sort();
  // What nobody used for too long is over already: people do not see it in their list, and it is not counted.
  await end(idsOf(open.filter(({ isListed }) => isListed !== 1)));
  // Counted by what was ended here: one that a login replaces in this very moment was not.
  return end(idsOf(open.filter(({ isListed }) => isListed === 1)));
}

/** Ends all live sessions of a user beyond the `liveAtMost` that were seen last, one batch after the other; returns how many. */
export async function revokeOldestSessions(
  db: Kysely<Database>,
  userId: string,
  { liveAtMost, now }: { liveAtMost: number; now: Date },
): Promise<number> {
  const oldest = await db
    .selectFrom("sessions")
    .select(["id", sql<number>`1`.as("isListed")])
    .where("userId", "=", userId)
    .where("revokedAt", "is", null)
    .where("idleExpiresAt", ">", now)
    .orderBy("lastSeenAt", "desc")
    .orderBy("id", "desc")
    .limit(REVOCATION_BATCH_SIZE)
    .offset(liveAtMost)
    .execute();
  const ended = await writeRow(db, userId, () => revokeByIds(db, oldest, "too many sessions"));
  if (oldest.length < REVOCATION_BATCH_SIZE) return ended;
  return ended + (await revokeOldestSessions(db, userId, { liveAtMost, now }));
}

export interface Revocation {
  id: string;
  revokedAt: Date;
}

/** What a read of the feed found, and the database's time at which it was made. */
export type Revocations = Revocation[] & { databaseNow: Date };

/**
 * What was revoked in the last `seconds`, or since `after` if that is longer ago, by the database's clock. One statement, which
 * tells the time also where nothing was revoked.
 */
export async function findRevokedSince(
  db: Kysely<Database>,
  seconds: number,
  after: Date | null = null,
): Promise<Revocations> {
  const since = sql`utc_timestamp(3) - interval ${seconds} second`;
  const from = after === null ? since : sql`least(${since}, cast(${after} as datetime(3)))`;
  const { rows } = await sql<{ databaseNow: Date } & (Revocation | { id: null })>`
    select utc_timestamp(3) as database_now, sessions.id, sessions.revoked_at
    from (select 1) as clock left join sessions on sessions.revoked_at >= ${from}`.execute(db);
  const { databaseNow } = rows[0]!;
  return Object.assign(
    rows.filter((row) => row.id !== null),
    { databaseNow },
  );
}
