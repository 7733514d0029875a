import { sql, type Kysely, type Transaction } from "kysely";
import { inTurn } from "./row-turns";
import type { Database } from "./schema";

/** What became of a session that was to end. *Unknown*: there is none, or, given `userId`, not that user's. */
export type Ending = "ended" | "ended before" | "unknown";

/** Ends one session, for good: a second reason does not replace the first. */
export async function revokeSession(
  db: Kysely<Database>,
  { id, userId, reason }: { id: string; userId?: string; reason: string },
): Promise<Ending> {
  return inTurn(db, id, async () => {
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

/** Ends all sessions but one, and every login under way; returns how many of them the list would show at `now`. */
export async function revokeOtherSessions(
  db: Kysely<Database>,
  userId: string,
  keepId: string,
  reason: string,
  now: Date,
): Promise<number> {
  return endSessions(db, { userId, keepId, reason, now });
}

/** Ends all sessions and every login under way; returns how many of them the list would show at `now`. */
export async function revokeAllSessions(
  db: Kysely<Database>,
  userId: string,
  reason: string,
  now: Date,
): Promise<number> {
  return endSessions(db, { userId, reason, now });
}

async function endSessions(
  db: Kysely<Database>,
  { userId, ...which }: { userId: string; keepId?: string; reason: string; now: Date },
): Promise<number> {
  return inTurn(db, userId, () =>
    db.transaction().execute(async (trx) => {
      await trx
        .updateTable("users")
        .set((eb) => ({ sessionEpoch: eb("sessionEpoch", "+", 1) }))
        .where("id", "=", userId)
        .execute();
      return revokeSessionsOf(trx, userId, which);
    }),
  );
}

/** Ends all sessions but one along with the password. False, and nothing done, if `oldHash` is not the user's any longer. */
export async function changePassword(
  db: Kysely<Database>,
  {
    userId,
    oldHash,
    newHash,
    keepSessionId,
    now,
  }: { userId: string; oldHash: string; newHash: string; keepSessionId: string; now: Date },
): Promise<boolean> {
  return inTurn(db, userId, () =>
    db.transaction().execute(async (trx) => {
      const { numUpdatedRows } = await trx
        .updateTable("users")
        .set((eb) => ({ passwordHash: newHash, sessionEpoch: eb("sessionEpoch", "+", 1), updatedAt: now }))
        .where("id", "=", userId)
        .where("passwordHash", "=", oldHash)
        .executeTakeFirstOrThrow();
      if (numUpdatedRows === 0n) return false;
      await revokeSessionsOf(trx, userId, { keepId: keepSessionId, reason: "password changed", now });
      return true;
    }),
  );
}

/**
 * The caller holds the user's row, so no session can appear meanwhile. The ids are read without a lock and the rows taken by
 * primary key: a scan of the index by user would lock index entries first, and deadlock with a purge, which comes from the rows.
 */
async function revokeSessionsOf(
  trx: Transaction<Database>,
  userId: string,
  { keepId, reason, now }: { keepId?: string; reason: string; now: Date },
): Promise<number> {
  const open = await trx
    .selectFrom("sessions")
    .select(["id", sql<number>`idle_expires_at > ${now}`.as("isListed")])
    .where("userId", "=", userId)
    .where("revokedAt", "is", null)
    .$if(keepId !== undefined, (select) => select.where("id", "!=", keepId!))
    .execute();
  const end = async (these: typeof open): Promise<number> => {
    if (these.length === 0) return 0;
    const { numUpdatedRows } = await trx
      .updateTable("sessions")
      .set({ revokedAt: sql<Date>`utc_timestamp(3)`, revokedReason: reason })
      .where("id", "in", these.map(({ id }) => id).sort())
      .where("revokedAt", "is", null)
      .executeTakeFirstOrThrow();
    return Number(numUpdatedRows);
  };
  // What nobody used for too long is over already: people do not see it in their list, and it is not counted.
  await end(open.filter(({ isListed }) => isListed !== 1));
  // Counted by what was ended here: one that a login replaces in this very moment was not.
  return end(open.filter(({ isListed }) => isListed === 1));
}

export interface Revocation {
  id: string;
  revokedAt: Date;
}

/** What was revoked in the last `seconds`, by the database's clock. */
export async function findRevokedSince(db: Kysely<Database>, seconds: number): Promise<Revocation[]> {
  return db
    .selectFrom("sessions")
    .select(["id", "revokedAt"])
    .where("revokedAt", ">=", sql<Date>`utc_timestamp(3) - interval ${seconds} second`)
    .$narrowType<{ revokedAt: Date }>()
    .execute();
}
