import "server-only";
import { LRUCache } from "lru-cache";
import { SLOTS_PER_ROW, type Hits } from "@/db/tables/rate-limits";
import { SlidingWindow, type WindowLimit } from "@/server/auth/policy/sliding-window";

const MAX_BUCKETS = 50_000;

/** This process's counters, for the time in which the table does not answer. They go on from what it said last. */
export class InMemoryFallback {
  readonly #windows = new LRUCache<string, SlidingWindow>({ max: MAX_BUCKETS });

  /**
   * Keeps what the table has said of a hit. Of hits that other instances counted only the number is known: they are taken to be
   * as old as the oldest, so that nobody waits longer than the table has said.
   */
  recordTableHit(bucket: string, { hits, resetsAt }: Hits, limit: WindowLimit, now: Date): void {
    const window = this.#windowOf(bucket);
    if (hits <= limit.hitsAtMost) window.hit(limit, now.getTime());
    const counted = window.countUntil(now.getTime(), limit.windowSeconds);
    const oldest = resetsAt.getTime() - limit.windowSeconds * 1000;
    window.addOldest({ at: Math.min(oldest, now.getTime()), hits: Math.min(hits, limit.hitsAtMost) - counted });
  }

  /** Counts one hit here. */
  count(bucket: string, limit: WindowLimit, now: Date): Hits {
    const { hits, resetsAt } = this.#windowOf(bucket).hit(limit, now.getTime());
    return { hits, resetsAt: new Date(resetsAt) };
  }

  decrement(bucket: string, countedAt: Date): void {
    this.#windows.peek(bucket)?.refund(countedAt.getTime());
  }

  clear(bucket: string): void {
    this.#windows.delete(bucket);
  }

  #windowOf(bucket: string): SlidingWindow {
    const existing = this.#windows.get(bucket);
    if (existing !== undefined) return existing;
    const window = new SlidingWindow(SLOTS_PER_ROW);
    this.#windows.set(bucket, window);
    return window;
  }
}
