import "server-only";
import { LRUCache } from "lru-cache";
import type { Quota } from "./request-state";

export interface WindowLimit {
  hitsAtMost: number;
  windowSeconds: number;
}

export interface CountedHits {
  /** In the window that ends now, this one included; one more than `hitsAtMost` for a hit that was refused and not counted. */
  hits: number;
  /** When the oldest of them leaves the window, in milliseconds. From then on a refused hit is admitted. */
  resetsAt: number;
}

interface Slot {
  at: number;
  hits: number;
}

/**
 * Counts the hits of one key so that no window of the given length exceeds the limit, wherever it starts. Each hit has a
 * slot with its time. If the limit exceeds the number of slots, hits share a slot and expire with its newest hit: memory
 * stays bounded, and a steady stream at the limit is refused early by at most one slot's share.
 */
export class SlidingWindow {
  readonly #slots: Slot[] = [];
  #hits = 0;

  constructor(private readonly slotsAtMost: number) {}

  /** `now` is in milliseconds. After the clock was set back by a window or more, earlier hits no longer count. */
  hit({ hitsAtMost, windowSeconds }: WindowLimit, now: number): CountedHits {
    const isRefused = this.countUntil(now, windowSeconds) >= hitsAtMost;
    if (!isRefused) this.#count(now, Math.ceil(hitsAtMost / this.slotsAtMost));
    return {
      hits: isRefused ? hitsAtMost + 1 : this.#hits,
      resetsAt: (this.#slots[0]?.at ?? now) + windowSeconds * 1000,
    };
  }

  /** How many hits lie in the window that ends now. */
  countUntil(now: number, windowSeconds: number): number {
    while (this.#slots.length > 0 && Math.abs(now - this.#slots[0]!.at) >= windowSeconds * 1000) {
      this.#hits -= this.#slots.shift()!.hits;
    }
    return this.#hits;
  }

  /** Counts hits that are older than all others. */
  addOldest(slot: Slot): void {
    if (slot.hits <= 0) return;
    this.#slots.unshift(slot);
    this.#hits += slot.hits;
  }

  /** Removes a hit of that time. Has no effect if it shares its slot. */
  refund(at: number): void {
    const index = this.#slots.findIndex((slot) => slot.at === at && slot.hits === 1);
    if (index === -1) return;
    this.#slots.splice(index, 1);
    this.#hits -= 1;
  }

  #count(now: number, hitsPerSlot: number): void {
    const newest = this.#slots.at(-1);
    this.#hits += 1;
    if (newest === undefined || (newest.hits >= hitsPerSlot && this.#slots.length < this.slotsAtMost)) {
      this.#slots.push({ at: now, hits: 1 });
      return;
    }
    newest.hits += 1;
    newest.at = now;
  }
}

/** A sliding window per key in the memory of this process. Beyond `keysAtMost` the least recently used key is forgotten. */
export class SlidingWindows {
  readonly #windows: LRUCache<string, SlidingWindow>;

  constructor(
    private readonly slotsAtMost: number,
    keysAtMost = 50_000,
  ) {
    this.#windows = new LRUCache({ max: keysAtMost });
  }

  hit(key: string, limit: WindowLimit, now: number): CountedHits {
    return this.windowOf(key).hit(limit, now);
  }

  windowOf(key: string): SlidingWindow {
    const known = this.#windows.get(key);
    if (known !== undefined) return known;
    const window = new SlidingWindow(this.slotsAtMost);
    this.#windows.set(key, window);
    return window;
  }

  /** Removes a hit of that time. */
  refund(key: string, at: number): void {
    this.#windows.peek(key)?.refund(at);
  }

  delete(key: string): void {
    this.#windows.delete(key);
  }

  get size(): number {
    return this.#windows.size;
  }
}

/** What a response tells about a limit after a hit. */
export function quotaOf(limit: number, { hits, resetsAt }: CountedHits, now: number): Quota {
  return {
    isExceeded: hits > limit,
    limit,
    remaining: Math.max(0, limit - hits),
    // A monotonic clock has fractions of a millisecond: rounded first, so that a wait never exceeds the window.
    resetSeconds: Math.max(1, Math.ceil(Math.round(resetsAt - now) / 1000)),
  };
}
