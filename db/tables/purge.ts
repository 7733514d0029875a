import type { Kysely } from "kysely";
import { retryOnDeadlock } from "@/db/keyed-mutex";
import type { Database } from "@/db/schema";

/**
 * Deletes one batch of sessions that ended more than `olderThanSeconds` ago and returns their number, fewer than `batch` when none
 * is left. Candidates are read without a lock and locked by primary key, skipping locked rows, so that it blocks no request.
 */
export async function purgeEnded(
  db: Kysely<Database>,
  now: Date,
  { olderThanSeconds, batch = 500 }: { olderThanSeconds: number; batch?: number },
): Promise<number> {
  const before = secondsBefore(now, olderThanSeconds);
  const revoked = db
    .selectFrom("sessions")
    .select("id")
    .where("revokedAt", "<", before)
    .orderBy("revokedAt")
    .limit(batch);
  const expired = db
    .selectFrom("sessions")
    .select("id")
    .where("idleExpiresAt", "<", before)
    .orderBy("idleExpiresAt")
    .limit(batch);
  const found = await revoked.execute();
  if (found.length < batch) found.push(...(await expired.execute()));
  const ids = [...new Set(found.map(({ id }) => id))].sort().slice(0, batch);
  if (ids.length === 0) return 0;

  return retryOnDeadlock(() =>
    db.transaction().execute(async (trx) => {
      const free = await trx
        .selectFrom("sessions")
        .select("id")
        .where("id", "in", ids)
        // The session may have been refreshed since it was read.
        .where((eb) => eb.or([eb("revokedAt", "<", before), eb("idleExpiresAt", "<", before)]))
        .forUpdate()
        .skipLocked()
        .execute();
      if (free.length === 0) return 0;
      const { numDeletedRows } = await trx
        .deleteFrom("sessions")
        .where("id", "in", free.map(({ id }) => id).sort())
        .executeTakeFirstOrThrow();
      return Number(numDeletedRows);
    }),
  );
}

interface PurgeOptions {
  olderThanSeconds: number;
  batch?: number;
}

/** Deletes one batch of confirmations that expired more than `olderThanSeconds` ago, likewise, with the mails that were about them. */
export async function purgeConfirmations(
  db: Kysely<Database>,
  now: Date,
  { olderThanSeconds, batch = 500 }: PurgeOptions,
): Promise<number> {
  const found = await db
    .selectFrom("confirmations")
    .select("id")
    .where("expiresAt", "<", secondsBefore(now, olderThanSeconds))
    .orderBy("expiresAt")
    .limit(batch)
    .execute();
  return deleteUnlocked(db, "confirmations", found);
}

/** Deletes one batch of challenges that expired more than `olderThanSeconds` ago, likewise. */
export async function purgeChallenges(
  db: Kysely<Database>,
  now: Date,
  { olderThanSeconds, batch = 500 }: PurgeOptions,
): Promise<number> {
  const found = await db
    .selectFrom("challenges")
    .select("id")
    .where("expiresAt", "<", secondsBefore(now, olderThanSeconds))
    .orderBy("expiresAt")
    .limit(batch)
    .execute();
  return deleteUnlocked(db, "challenges", found);
}

/** Deletes one batch of mails written more than `olderThanSeconds` ago, likewise. */
export async function purgeMails(
  db: Kysely<Database>,
  now: Date,
  { olderThanSeconds, batch = 500 }: PurgeOptions,
): Promise<number> {
  const found = await db
    .selectFrom("outgoingMails")
    .select("id")
    .where("createdAt", "<", secondsBefore(now, olderThanSeconds))
    .orderBy("createdAt")
    .limit(batch)
    .execute();
  return deleteUnlocked(db, "outgoingMails", found);
}

async function deleteUnlocked(
  db: Kysely<Database>,
  table: "confirmations" | "outgoingMails" | "challenges",
  found: { id: string }[],
): Promise<number> {
  if (found.length === 0) return 0;
  return retryOnDeadlock(() =>
    db.transaction().execute(async (trx) => {
      const free = await trx
        .selectFrom(table)
        .select("id")
        .where("id", "in", found.map(({ id }) => id).sort())
        .forUpdate()
        .skipLocked()
        .execute();
      if (free.length === 0) return 0;
      const { numDeletedRows } = await trx
        .deleteFrom(table)
        .where("id", "in", free.map(({ id }) => id).sort())
        .executeTakeFirstOrThrow();
      return Number(numDeletedRows);
    }),
  );
}

function secondsBefore(instant: Date, seconds: number): Date {
  return new Date(instant.getTime() - seconds * 1000);
}
