import "server-only";
import type { Kysely } from "kysely";
import { DatabaseFault, isUnavailable } from "@/db/faults";
import { countHit, refundHit, type Hits } from "@/db/rate-limits";
import type { Database } from "@/db/schema";
import { securityEvent } from "@/server/security-log";
import { RememberedHits } from "./remembered-hits";

export interface CountedHit extends Hits {
  bucket: string;
  countedIn: "table" | "process";
}

/**
 * Counts in the table, exactly for all instances. While that does not answer it counts in this process: whoever locks or
 * slows the table must neither shut everybody out nor guess without end.
 */
export class HitCounter {
  readonly #remembered = new RememberedHits();
  #isAlone = false;

  constructor(private readonly db: Kysely<Database>) {}

  async count(bucket: string, windowSeconds: number, now: Date): Promise<CountedHit> {
    try {
      const hits = await countHit(this.db, bucket, { windowSeconds, now });
      this.#say("limits-counted-together");
      this.#remembered.learn(bucket, hits);
      return { ...hits, bucket, countedIn: "table" };
    } catch (error) {
      // A table that answers, but not to so many hits on one counter, keeps its exact count: those in excess are sent away.
      if (!isUnavailable(error) || isCrowd(error)) throw error;
      this.#say("limits-counted-alone", error);
      return { ...this.#remembered.count(bucket, windowSeconds, now), bucket, countedIn: "process" };
    }
  }

  /** What cannot be given back stays counted: that is no reason to fail what it was counted for. */
  async refund({ bucket, countedIn }: CountedHit, now: Date): Promise<void> {
    this.#remembered.refund(bucket, countedIn);
    if (countedIn === "process") return;
    try {
      await refundHit(this.db, bucket, now);
    } catch (error) {
      if (!isUnavailable(error)) throw error;
      if (!isCrowd(error)) this.#say("limits-counted-alone", error);
    }
  }

  /** Once each time, however many requests find out. */
  #say(event: "limits-counted-alone" | "limits-counted-together", err?: unknown): void {
    const isAlone = event === "limits-counted-alone";
    if (isAlone !== this.#isAlone) securityEvent(event, isAlone ? { err } : {});
    this.#isAlone = isAlone;
  }
}

function isCrowd(error: unknown): boolean {
  return error instanceof DatabaseFault && error.code === "ROW_BUSY";
}

const counters = new WeakMap<Kysely<Database>, HitCounter>();

export function hitCounter(db: Kysely<Database>): HitCounter {
  const counter = counters.get(db) ?? new HitCounter(db);
  counters.set(db, counter);
  return counter;
}
