import { sql, type Kysely } from "kysely";
import { CircuitBreaker } from "@/db/circuit-breaker";
import { retryOnDeadlock, withKeyedMutex } from "@/db/keyed-mutex";
import type { Database } from "@/db/schema";

/** Each hit is kept as `<13 digits of milliseconds>x<7 digits of hits>` in `recent`, oldest first. */
export const SLOTS_PER_ROW = 10;
const SLOT_LENGTH = 21;
const RECENT_LENGTH = SLOTS_PER_ROW * SLOT_LENGTH;

/** Room for the seconds until the reset, below the hits, in the one number that an OK packet carries: 12 days. */
const RESET_SECONDS_RADIX = 2 ** 20;

/** Connections that counting holds at the most, and refunding one: a locked table must leave the others to those who need no counter. */
const MAX_CONCURRENT_STATEMENTS = 4;

export interface WindowLimit {
  hitsAtMost: number;
  windowSeconds: number;
}

export interface Hits {
  /** In the window that ends now, this one included; one more than `hitsAtMost` for a hit that was refused and not counted. */
  hits: number;
  /** When the oldest of them leaves the window, rounded up to a second. A refused hit has room then. */
  resetsAt: Date;
}

/**
 * Counts one hit, unless as many as the limit lie within the window that ends now, wherever that begins. One statement, so that
 * of a hundred at once exactly as many pass as there is room for, on all instances together. Up to SLOTS_PER_ROW every hit has
 * a slot of its own; beyond that hits share one, and all count until the last of them leaves. Throws a fault after a second, or
 * at once if the table did not answer others lately; MUTEX_TIMEOUT if too many hit this bucket at once.
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
  // One of each bucket at a time stands in a slot: a flood of hits on one does not hold up the others.
  const slot = `rate limits ${parseInt(bucket.slice(0, 4), 16) % MAX_CONCURRENT_STATEMENTS}`;
  return runStatement(db, [bucket, slot], now, async () => {
    const { insertId } = await db
      .insertInto("rateLimits")
      .values({ bucket, hits: 1, recent: `${at}x0000001`, expiresAt: secondsLater(now, windowSeconds) })
      // Assigned from left to right, and each one reads the ones before it.
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
        // The OK packet carries the answer: how many there are, and in how many seconds the oldest leaves.
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

/**
 * Takes hits back: what was counted turned out not to deserve it. A hit that shares its slot stays. One statement, as long as no
 * bucket is named twice.
 */
export async function decrementHits(db: Kysely<Database>, decrements: readonly Decrement[], now: Date): Promise<void> {
  const [once, again] = [new Map<string, Decrement>(), [] as Decrement[]];
  for (const decrement of decrements) {
    if (once.has(decrement.bucket)) again.push(decrement);
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
  await decrementHits(db, again, now);
}

/** Forgets every hit on a bucket. */
export async function clearHits(db: Kysely<Database>, bucket: string, now: Date): Promise<void> {
  await runStatement(db, [bucket], now, () => db.deleteFrom("rateLimits").where("bucket", "=", bucket).execute());
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

/** `keys` are waited for one inside the other. */
async function runStatement<T>(
  db: Kysely<Database>,
  keys: string[],
  now: Date,
  statement: () => Promise<T>,
): Promise<T> {
  const breaker = breakers.get(db) ?? new CircuitBreaker();
  breakers.set(db, breaker);
  const run = () => breaker.run(now, () => retryOnDeadlock(statement));
  // Not behind the one that tries again, which may have to wait.
  if (breaker.isOpen(now)) return run();
  return keys.reduceRight<() => Promise<T>>((next, key) => () => withKeyedMutex(db, key, next), run)();
}

function secondsLater(now: Date, seconds: number): Date {
  return new Date(now.getTime() + seconds * 1000);
}

/** Milliseconds as digits that compare as text. */
function millisecondDigits(instant: Date): string {
  return String(instant.getTime()).padStart(13, "0");
}

const SLOT_COLUMNS = Array.from({ length: SLOTS_PER_ROW }, (_, index) => ({
  at: `substr(recent, ${index * SLOT_LENGTH + 1}, 13)`,
  hits: `substr(recent, ${index * SLOT_LENGTH + 15}, 7)`,
}));

/** How many hits came after an instant. */
function hitsAfter(digits: string) {
  return sql.raw(`(${SLOT_COLUMNS.map(({ at, hits }) => `if(${at} > '${digits}', ${hits}, 0)`).join(" + ")})`);
}

/** How many slots are not later than an instant. */
function expiredSlots(digits: string) {
  return sql.raw(`(${SLOT_COLUMNS.map(({ at }) => `(${at} between '0' and '${digits}')`).join(" + ")})`);
}
