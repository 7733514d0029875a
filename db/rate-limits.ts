import { sql, type Kysely } from "kysely";
import { Breaker } from "./breaker";
import { againAfterDeadlock, inTurn } from "./row-turns";
import type { Database } from "./schema";

/** Room for the seconds until the reset, below the hits, in the one number that an OK packet carries: 12 days. */
const SECONDS = 2 ** 20;

/** Connections that counting holds at the most, and refunding one: a locked table must leave the others to those who need no counter. */
const LANES = 4;

export interface Hits {
  hits: number;
  resetsAt: Date;
}

/**
 * Counts one hit, in a window that begins with its first hit, and says how many there are now. One statement, so that of a
 * hundred at once each gets its own number, on all instances together. `resetsAt` is rounded up to a second. Throws a fault
 * after a second, or at once if the table did not answer others lately; ROW_BUSY if too many hit this bucket at once.
 */
export async function countHit(
  db: Kysely<Database>,
  bucket: string,
  { windowSeconds, now }: { windowSeconds: number; now: Date },
): Promise<Hits> {
  const first = SECONDS + windowSeconds;
  // One of each bucket at a time stands in a lane: a flood of hits on one does not hold up the others.
  const lane = `rate limits ${parseInt(bucket.slice(0, 4), 16) % LANES}`;
  return askTable(db, [bucket, lane], now, async () => {
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

/**
 * Takes hits back, unless their window is over: what was counted turned out not to deserve it. A bucket that is named several times
 * gets so many back. One statement, as long as none is.
 */
export async function refundHits(db: Kysely<Database>, buckets: readonly string[], now: Date): Promise<void> {
  const times = new Map<string, number>();
  for (const bucket of buckets) times.set(bucket, (times.get(bucket) ?? 0) + 1);
  for (const count of new Set(times.values())) {
    const those = [...times.keys()].filter((bucket) => times.get(bucket) === count);
    await askTable(db, ["rate limits refunded"], now, () =>
      db
        .updateTable("rateLimits")
        .set({ hits: sql<number>`hits - least(hits, ${count})` })
        .where("bucket", "in", those)
        .where("expiresAt", ">", now)
        .execute(),
    );
  }
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

const breakers = new WeakMap<Kysely<Database>, Breaker>();

/** `turns` are waited for one inside the other. */
async function askTable<T>(db: Kysely<Database>, turns: string[], now: Date, statement: () => Promise<T>): Promise<T> {
  const breaker = breakers.get(db) ?? new Breaker();
  breakers.set(db, breaker);
  const ask = () => breaker.ask(now, () => againAfterDeadlock(statement));
  // Not behind the one that tries again, which may have to wait.
  if (breaker.isResting(now)) return ask();
  return turns.reduceRight<() => Promise<T>>((next, turn) => () => inTurn(db, turn, next), ask)();
}

function secondsLater(now: Date, seconds: number): Date {
  return new Date(now.getTime() + seconds * 1000);
}
