import "server-only";
import { LRUCache } from "lru-cache";
import type { Hits } from "@/db/rate-limits";
import { secondsAfter } from "./policy/lifetimes";

const BUCKETS_AT_MOST = 50_000;

/** This process's counters, for the time in which the table does not answer. They go on from what it said last. */
export class RememberedHits {
  readonly #inTable = new LRUCache<string, Hits>({ max: BUCKETS_AT_MOST });
  readonly #here = new LRUCache<string, Hits>({ max: BUCKETS_AT_MOST });

  learn(bucket: string, hits: Hits): void {
    this.#inTable.set(bucket, hits);
  }

  /** Counts one hit here. The sum of both counters, and the end of the later window. */
  count(bucket: string, windowSeconds: number, now: Date): Hits {
    const here = running(this.#here, bucket, now) ?? { hits: 0, resetsAt: secondsAfter(now, windowSeconds) };
    this.#here.set(bucket, { ...here, hits: here.hits + 1 });
    const inTable = running(this.#inTable, bucket, now) ?? { hits: 0, resetsAt: now };
    const resetsAt = here.resetsAt > inTable.resetsAt ? here.resetsAt : inTable.resetsAt;
    return { hits: here.hits + 1 + inTable.hits, resetsAt };
  }

  /** Takes one back from the counter that it was counted on. */
  refund(bucket: string, countedIn: "table" | "process"): void {
    const counters = countedIn === "table" ? this.#inTable : this.#here;
    const counted = counters.get(bucket);
    if (counted && counted.hits > 0) counters.set(bucket, { ...counted, hits: counted.hits - 1 });
  }
}

function running(counters: LRUCache<string, Hits>, bucket: string, now: Date): Hits | undefined {
  const counted = counters.get(bucket);
  return counted && counted.resetsAt > now ? counted : undefined;
}
