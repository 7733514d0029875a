import { sql, type Kysely } from "kysely";
import { CircuitBreaker } from "@/db/circuit-breaker";
import { retryOnDeadlock, withKeyedMutex } from "@/db/keyed-mutex";
import type { Database } from "@/db/schema";

/** Each hit is kept as `<13 digits of milliseconds>x<7 digits of hits>` in `recent`, oldest first. */
export const SLOTS_PER_ROW = 10;
const SLOT_LENGTH = 21;
const RECENT_LENGTH = SLOTS_PER_ROW * SLOT_LENGTH;

/** An OK packet carries one number: hits * radix + seconds until the reset. 2^20 seconds are 12 days. */
const RESET_SECONDS_RADIX = 2 ** 20;

/** Connections that counting uses at most, besides one for decrements: a locked table must leave the rest of the pool usable. */
const MAX_CONCURRENT_STATEMENTS = 4;

export interface WindowLimit {
  hitsAtMost: number;
  windowSeconds: number;
}

export interface Hits {
  /** In the window that ends now, this one included. `hitsAtMost + 1` means that this hit was refused and not counted. */
  hits: number;
  /** When the oldest of them leaves the window, rounded up to a second; a refused hit is allowed then. */
  resetsAt: Date;
}

/**
 * Counts one hit in a sliding window, unless the limit is reached. One statement, so that the count is exact for concurrent hits
 * on all instances. Up to SLOTS_PER_ROW hits have a slot each; beyond that hits share slots, and all hits of a slot count until the
 * last of them leaves the window. Throws TABLE_UNAVAILABLE after a second, or at once while the circuit breaker is open;
 * MUTEX_TIMEOUT if too many hits wait for this bucket.
 */
export async function countHit(
  db: Kysely<Database>,
  bucket: string,
  { hitsAtMost, windowSeconds, now }: WindowLimit & { now: Date },
): Promise<Hits> {
  const first = RESET_SECONDS_RADIX + windowSeconds;
  const milliseconds = windowSeconds * 1000;
  const [at, cutoff] = [millisecondDigits(now), millisecondDigits(new Date(now.getTime() - milliseconds))];
  const perSlot = String(Math.ceil(hitsAtMost / SLOTS_PER_ROW)).padStart(7, "0");
  // The bucket's mutex is outside: hits on one bucket occupy at most one slot and do not delay other buckets.
  const slot = `rate limits ${parseInt(bucket.slice(0, 4), 16) % MAX_CONCURRENT_STATEMENTS}`;
  return runStatement(db, [bucket, slot], now, async () => {
    const { insertId } = await db
      .insertInto("rateLimits")
      .values({ bucket, hits: 1, recent: `${at}x0000001`, expiresAt: secondsLater(now, windowSeconds) })
      // MySQL assigns from left to right; each expression reads the columns assigned before it.
      .onDuplicateKeyUpdate({
        hits: sql<number>`least(${hitsAtMost}, if(recent = '', if(expires_at > ${now}, hits, 0), ${hitsAfter(cutoff)})) + 1`,
        recent: sql<string>`case
          when recent = '' then concat(
            if(hits > 1, concat(lpad(timestampdiff(microsecond, '1970-01-01', expires_at) div 1000 - ${milliseconds}, 13, '0'),
              'x', lpad(least(hits - 1, 9999999), 7, '0')), ''),
            if(hits <= ${hitsAtMost}, ${`${at}x0000001`}, ''))
          when hits > ${hitsAtMost} then recent
          when (right(recent, 7) < ${perSlot} and substr(recent, -${sql.lit(SLOT_LENGTH)}, 13) > ${cutoff})
            or (length(recent) = ${RECENT_LENGTH} and left(recent, 13) > ${cutoff})
            then concat(left(recent, length(recent) - ${SLOT_LENGTH}), ${`${at}x`}, lpad(cast(right(recent, 7) as unsigned) + 1, 7, '0'))
          else right(concat(recent, ${`${at}x0000001`}), ${RECENT_LENGTH}) end`,
        // last_insert_id(n) returns n in the OK packet: the hits, and the seconds until the oldest leaves the window.
        expiresAt: sql<Date>`if(last_insert_id(hits * ${RESET_SECONDS_RADIX} + least(${RESET_SECONDS_RADIX - 1}, greatest(1, ceiling(
          (substr(recent, 1 + ${SLOT_LENGTH} * ${expiredSlots(cutoff)}, 13) + ${milliseconds} - ${now.getTime()}) / 1000))))
          > 0, greatest(expires_at, values(expires_at)), expires_at)`,
      })
      .executeTakeFirstOrThrow();
    const answer = Number(insertId ?? first);
    return {
      hits: Math.floor(answer / RESET_SECONDS_RADIX),
      resetsAt: secondsLater(now, answer % RESET_SECONDS_RADIX),
    };
  });
}

export interface Decrement {
  bucket: string;
  countedAt: Date;
}

/** Removes counted hits. A hit that shares its slot stays counted. One statement for all buckets that are named once. */
export async function decrementHits(db: Kysely<Database>, decrements: readonly Decrement[], now: Date): Promise<void> {
  const [once, repeated] = [new Map<string, Decrement>(), [] as Decrement[]];
  for (const decrement of decrements) {
    if (once.has(decrement.bucket)) repeated.push(decrement);
    else once.set(decrement.bucket, decrement);
  }
  if (once.size === 0) return;
  const buckets = [...once.keys()];
  const slots = [...once.values()].map(({ countedAt }) => `${millisecondDigits(countedAt)}x0000001`);
  await runStatement(db, ["rate limit decrements"], now, () =>
    db
      .updateTable("rateLimits")
      .set({
        recent: sql<string>`insert(recent, locate(elt(field(bucket, ${sql.join(buckets)}), ${sql.join(slots)}), recent),
          ${SLOT_LENGTH}, '')`,
        hits: sql<number>`if(recent = '', 0, hits)`,
      })
      .where("bucket", "in", buckets)
      .execute(),
  );
  await decrementHits(db, repeated, now);
}

/** Deletes all hits of a bucket. */
export async function clearHits(db: Kysely<Database>, bucket: string, now: Date): Promise<void> {
  await runStatement(db, [bucket], now, () => db.deleteFrom("rateLimits").where("bucket", "=", bucket).execute());
}

/** Deletes one batch of expired buckets, as `purgeEnded` does, and returns their number. */
export async function purgeExpiredLimits(db: Kysely<Database>, now: Date, batch = 500): Promise<number> {
  const found = await db
    .selectFrom("rateLimits")
    .select("bucket")
    .where("expiresAt", "<=", now)
    .orderBy("expiresAt")
    .limit(batch)
    .execute();
  if (found.length === 0) return 0;

  return retryOnDeadlock(() =>
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

const breakers = new WeakMap<Kysely<Database>, CircuitBreaker>();

/** The mutexes of `keys` are acquired in this order. */
async function runStatement<T>(
  db: Kysely<Database>,
  keys: string[],
  now: Date,
  statement: () => Promise<T>,
): Promise<T> {
  const breaker = breakers.get(db) ?? new CircuitBreaker();
  breakers.set(db, breaker);
  const run = () => breaker.run(now, () => retryOnDeadlock(statement));
  // An open breaker fails at once, without waiting behind the trial statement.
  if (breaker.isOpen(now)) return run();
  return keys.reduceRight<() => Promise<T>>((next, key) => () => withKeyedMutex(db, key, next), run)();
}

function secondsLater(now: Date, seconds: number): Date {
  return new Date(now.getTime() + seconds * 1000);
}

/** Milliseconds as 13 digits, which compare correctly as text. */
function millisecondDigits(instant: Date): string {
  return String(instant.getTime()).padStart(13, "0");
}

const SLOT_COLUMNS = Array.from({ length: SLOTS_PER_ROW }, (_, index) => ({
  at: `substr(recent, ${index * SLOT_LENGTH + 1}, 13)`,
  hits: `substr(recent, ${index * SLOT_LENGTH + 15}, 7)`,
}));

/** The number of hits after an instant. */
function hitsAfter(digits: string) {
  return sql.raw(`(${SLOT_COLUMNS.map(({ at, hits }) => `if(${at} > '${digits}', ${hits}, 0)`).join(" + ")})`);
}

/** The number of slots up to an instant. */
function expiredSlots(digits: string) {
  return sql.raw(`(${SLOT_COLUMNS.map(({ at }) => `(${at} between '0' and '${digits}')`).join(" + ")})`);
}
