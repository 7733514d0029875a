import "server-only";
import { SLOTS_PER_ROW, type Hits } from "@/db/tables/rate-limits";
import { SlidingWindows, type WindowLimit } from "@/server/runtime/sliding-windows";

/** Counters of this process for the time the table is unavailable. They continue from the table's last counts. */
export class InMemoryFallback {
  readonly #windows = new SlidingWindows(SLOTS_PER_ROW);

  /**
   * Keeps the table's count. Of hits counted by other instances only the number is known: they are assumed to be as old as the oldest
   * hit, so that no client waits longer than the table would require.
   */
  recordTableHit(bucket: string, { hits, resetsAt }: Hits, limit: WindowLimit, now: Date): void {
    const window = this.#windows.windowOf(bucket);
    if (hits <= limit.hitsAtMost) window.hit(limit, now.getTime());
    const counted = window.countUntil(now.getTime(), limit.windowSeconds);
    const oldest = resetsAt.getTime() - limit.windowSeconds * 1000;
    window.addOldest({ at: Math.min(oldest, now.getTime()), hits: Math.min(hits, limit.hitsAtMost) - counted });
  }

  count(bucket: string, limit: WindowLimit, now: Date): Hits {
    const { hits, resetsAt } = this.#windows.hit(bucket, limit, now.getTime());
    return { hits, resetsAt: new Date(resetsAt) };
  }

  decrement(bucket: string, countedAt: Date): void {
    this.#windows.refund(bucket, countedAt.getTime());
  }

  clear(bucket: string): void {
    this.#windows.delete(bucket);
  }
}
