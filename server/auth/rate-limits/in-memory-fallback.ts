import "server-only";
import { LRUCache } from "lru-cache";
import { SLOTS_PER_ROW, type Hits } from "@/db/tables/rate-limits";
import { SlidingWindow, type WindowLimit } from "@/server/runtime/sliding-windows";

const MAX_BUCKETS = 50_000;

/** Counters of this process for the time the table is unavailable. They continue from the table's last counts. */
export class InMemoryFallback {
  readonly #windows = new LRUCache<string, SlidingWindow>({ max: MAX_BUCKETS });

  /**
   * Keeps the table's count. Of hits counted by other instances only the number is known: they are assumed to be as old as the oldest
   * hit, so that no client waits longer than the table would require.
   */
  recordTableHit(bucket: string, { hits, resetsAt }: Hits, limit: WindowLimit, now: Date): void {
    const window = this.#windowOf(bucket);
    if (hits <= limit.hitsAtMost) window.hit(limit, now.getTime());
    const counted = window.countUntil(now.getTime(), limit.windowSeconds);
    const oldest = resetsAt.getTime() - limit.windowSeconds * 1000;
    window.addOldest({ at: Math.min(oldest, now.getTime()), hits: Math.min(hits, limit.hitsAtMost) - counted });
  }

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
