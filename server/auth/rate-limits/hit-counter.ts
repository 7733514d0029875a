import "server-only";
import type { Kysely } from "kysely";
import { DatabaseFault, isUnavailable } from "@/db/faults";
import { clearHits, countHit, decrementHits, type Hits, type Decrement } from "@/db/tables/rate-limits";
import type { Database } from "@/db/schema";
import { onDatabaseClose } from "@/server/runtime/database";
import { log } from "@/server/runtime/log";
import { securityEvent } from "@/server/runtime/security-events";
import type { WindowLimit } from "@/server/runtime/sliding-windows";
import { DecrementBatch } from "./decrement-batch";
import { InMemoryFallback } from "./in-memory-fallback";

export interface CountedHit extends Hits, Decrement {
  storedIn: "table" | "process";
}

/**
 * Counts hits in the table, exactly for all instances, and in this process while the table is unavailable: a locked or slow table
 * must neither block all logins nor lift the limits.
 */
export class HitCounter {
  readonly #fallback = new InMemoryFallback();
  readonly #decrements = new DecrementBatch((decrements) =>
    this.#unlessUnavailable(() => decrementHits(this.db, decrements, latestOf(decrements))),
  );
  #isDegraded = false;

  constructor(private readonly db: Kysely<Database>) {}

  async count(bucket: string, limit: WindowLimit, now: Date): Promise<CountedHit> {
    try {
      const hits = await countHit(this.db, bucket, { ...limit, now });
      this.#logTransition("rate-limit-restored");
      this.#fallback.recordTableHit(bucket, hits, limit, now);
      return { ...hits, bucket, countedAt: now, storedIn: "table" };
    } catch (error) {
      // The table is available, but too many hits wait for this bucket: reject them, so that the count stays exact.
      if (!isUnavailable(error) || isMutexTimeout(error)) throw error;
      this.#logTransition("rate-limit-degraded", error);
      return { ...this.#fallback.count(bucket, limit, now), bucket, countedAt: now, storedIn: "process" };
    }
  }

  /** Asynchronous, within 100 ms. */
  decrement({ bucket, storedIn, countedAt }: CountedHit): void {
    this.#fallback.decrement(bucket, countedAt);
    if (storedIn === "table") this.#decrements.add({ bucket, countedAt });
  }

  /** Deletes all hits of a bucket. */
  async clear(bucket: string, now: Date): Promise<void> {
    this.#fallback.clear(bucket);
    await this.#unlessUnavailable(() => clearHits(this.db, bucket, now));
  }

  /** Resolves when all pending decrements are sent. */
  flush(): Promise<void> {
    return this.#decrements.flush();
  }

  /** A hit that cannot be removed stays counted. */
  async #unlessUnavailable(write: () => Promise<void>): Promise<void> {
    try {
      await write();
    } catch (error) {
      if (!isUnavailable(error)) log.error({ err: error }, "rate limit decrement failed");
      else if (!isMutexTimeout(error)) this.#logTransition("rate-limit-degraded", error);
    }
  }

  /** Logs each change of state once, however many requests observe it. */
  #logTransition(event: "rate-limit-degraded" | "rate-limit-restored", err?: unknown): void {
    const isDegraded = event === "rate-limit-degraded";
    if (isDegraded !== this.#isDegraded) securityEvent(event, isDegraded ? { err } : {});
    this.#isDegraded = isDegraded;
  }
}

function isMutexTimeout(error: unknown): boolean {
  return error instanceof DatabaseFault && error.code === "MUTEX_TIMEOUT";
}

function latestOf(decrements: Decrement[]): Date {
  return new Date(Math.max(...decrements.map(({ countedAt }) => countedAt.getTime())));
}

const counters = new WeakMap<Kysely<Database>, HitCounter>();

export function hitCounter(db: Kysely<Database>): HitCounter {
  const known = counters.get(db);
  if (known !== undefined) return known;
  const counter = new HitCounter(db);
  counters.set(db, counter);
  onDatabaseClose(db, () => counter.flush());
  return counter;
}
