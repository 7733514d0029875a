import { sql, type Kysely } from "kysely";
import { againAfterDeadlock, inTurn } from "./row-turns";
import type { Database } from "./schema";

/** Room for the seconds until the reset, below the hits, in the one number that an OK packet carries: 12 days. */
const SECONDS = 2 ** 20;

export interface Hits {
  hits: number;
  resetsAt: Date;
}

/**
 * Counts one hit, in a window that begins with its first hit, and says how many there are now. One statement, so that of a
 * hundred at once each gets its own number, on all instances together. `resetsAt` is rounded up to a second.
 */
export async function countHit(
  db: Kysely<Database>,
  bucket: string,
  { windowSeconds, now }: { windowSeconds: number; now: Date },
): Promise<Hits> {
  const first = SECONDS + windowSeconds;
  return inTurn(db, bucket, async () => {
    const { insertId } = await db
      .insertInto("rateLimits")
      .values({ bucket, hits: 1, expiresAt: secondsLater(now, windowSeconds) })
      .onDuplicateKeyUpdate({
        // Assigned from left to right: the instant may follow only after the count has looked at it.
        hits: sql<number>`last_insert_id(if(expires_at <= ${now}, ${first}, (hits + 1) * ${SECONDS}
          + least(${SECONDS - 1}, ceiling(timestampdiff(microsecond, ${now}, expires_at) / 1000000)))) div ${SECONDS}`,
        expiresAt: sql<Date>`if(expires_at <= ${now}, values(expires_at), expires_at)`,
      })
      .executeTakeFirstOrThrow();
    const answer = Number(insertId ?? first);
    return { hits: Math.floor(answer / SECONDS), resetsAt: secondsLater(now, answer % SECONDS) };
  });
}

/** Takes one hit back, unless its window is over: what was counted turned out not to deserve it. */
export async function refundHit(db: Kysely<Database>, bucket: string, now: Date): Promise<void> {
  await inTurn(db, bucket, () =>
    db
      .updateTable("rateLimits")
      .set((eb) => ({ hits: eb("hits", "-", 1) }))
      .where("bucket", "=", bucket)
      .where("hits", ">", 0)
      .where("expiresAt", ">", now)
      .execute(),
  );
}

/** Deletes one batch of counters whose window is over, in the manner of `purgeEnded`; returns how many. */
export async function purgeExpiredLimits(db: Kysely<Database>, now: Date, batch = 500): Promise<number> {
  const found = await db
    .selectFrom("rateLimits")
    .select("bucket")
    .where("expiresAt", "<=", now)
    .orderBy("expiresAt")
    .limit(batch)
    .execute();
  if (found.length === 0) return 0;

  return againAfterDeadlock(() =>
    db.transaction().execute(async (trx) => {
      const free = await trx
        .selectFrom("rateLimits")
        .select("bucket")
        .where("bucket", "in", found.map(({ bucket }) => bucket).sort())
        .where("expiresAt", "<=", now)
        .forUpdate()
        .skipLocked()
        .execute();
      if (free.length === 0) return 0;
      const { numDeletedRows } = await trx
        .deleteFrom("rateLimits")
        .where("bucket", "in", free.map(({ bucket }) => bucket).sort())
        .executeTakeFirstOrThrow();
      return Number(numDeletedRows);
    }),
  );
}

function secondsLater(now: Date, seconds: number): Date {
  return new Date(now.getTime() + seconds * 1000);
}
