import "server-only";
import type { Kysely } from "kysely";
import { DatabaseFault, isUnavailable } from "@/db/faults";
import { clearHits, countHit, refundHits, type Hits, type Refund } from "@/db/tables/rate-limits";
import type { Database } from "@/db/schema";
import { onDatabaseClose } from "@/server/runtime/database";
import { log } from "@/server/runtime/log";
import { securityEvent } from "@/server/runtime/security-events";
import type { WindowLimit } from "@/server/auth/policy/sliding-window";
import { RefundBatch } from "./refunds";
import { InMemoryFallback } from "./in-memory-fallback";

export interface CountedHit extends Hits, Refund {
  countedIn: "table" | "process";
}

/**
 * Counts in the table, exactly for all instances. While that does not answer it counts in this process: whoever locks or
 * slows the table must neither shut everybody out nor guess without end.
 */
export class HitCounter {
  readonly #remembered = new InMemoryFallback();
  readonly #refunds = new RefundBatch((refunds) =>
    this.#unlessUnavailable(() => refundHits(this.db, refunds, latestOf(refunds))),
  );
  #isAlone = false;

  constructor(private readonly db: Kysely<Database>) {}

  async count(bucket: string, limit: WindowLimit, now: Date): Promise<CountedHit> {
    try {
      const hits = await countHit(this.db, bucket, { ...limit, now });
      this.#say("rate-limit-restored");
      this.#remembered.learn(bucket, hits, limit, now);
      return { ...hits, bucket, countedAt: now, countedIn: "table" };
    } catch (error) {
      // A table that answers, but not to so many hits on one counter, keeps its exact count: those in excess are sent away.
      if (!isUnavailable(error) || isCrowd(error)) throw error;
      this.#say("rate-limit-degraded", error);
      return { ...this.#remembered.count(bucket, limit, now), bucket, countedAt: now, countedIn: "process" };
    }
  }

  /** Soon, and without keeping anybody waiting. */
  refund({ bucket, countedIn, countedAt }: CountedHit): void {
    this.#remembered.refund(bucket, countedAt);
    if (countedIn === "table") this.#refunds.add({ bucket, countedAt });
  }

  /** Forgets every hit on a bucket. */
  async clear(bucket: string, now: Date): Promise<void> {
    this.#remembered.clear(bucket);
    await this.#unlessUnavailable(() => clearHits(this.db, bucket, now));
  }

  /** Resolves when everything that was to be given back is. */
  settle(): Promise<void> {
    return this.#refunds.settle();
  }

  /** What cannot be given back stays counted. */
  async #unlessUnavailable(giveBack: () => Promise<void>): Promise<void> {
    try {
      await giveBack();
    } catch (error) {
      if (!isUnavailable(error)) log.error({ err: error }, "refund failed");
      else if (!isCrowd(error)) this.#say("rate-limit-degraded", error);
    }
  }

  /** Once each time, however many requests find out. */
  #say(event: "rate-limit-degraded" | "rate-limit-restored", err?: unknown): void {
    const isAlone = event === "rate-limit-degraded";
    if (isAlone !== this.#isAlone) securityEvent(event, isAlone ? { err } : {});
    this.#isAlone = isAlone;
  }
}

function isCrowd(error: unknown): boolean {
  return error instanceof DatabaseFault && error.code === "ROW_BUSY";
}

function latestOf(refunds: Refund[]): Date {
  return new Date(Math.max(...refunds.map(({ countedAt }) => countedAt.getTime())));
}

const counters = new WeakMap<Kysely<Database>, HitCounter>();

export function hitCounter(db: Kysely<Database>): HitCounter {
  const known = counters.get(db);
  if (known !== undefined) return known;
  const counter = new HitCounter(db);
  counters.set(db, counter);
  onDatabaseClose(db, () => counter.settle());
  return counter;
}
