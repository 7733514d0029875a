import "server-only";

export interface Quota {
  isExceeded: boolean;
  limit: number;
  remaining: number;
  resetSeconds: number;
}

interface Window {
  startedAt: number;
  hits: number;
}

/** Counts hits by key in windows of a fixed length, in this process only, and never for more than so many keys. */
export class Ceiling {
  readonly #windows = new Map<string, Window>();

  constructor(
    readonly limit: number,
    readonly windowSeconds: number,
    readonly keysAtMost: number,
  ) {}

  /** `now` is in milliseconds of a clock that never goes back. */
  spend(key: string, now: number): Quota {
    let window = this.#windows.get(key);
    if (window === undefined || now - window.startedAt >= this.windowSeconds * 1000) {
      window = this.#open(key, now);
    }
    window.hits += 1;
    return {
      isExceeded: window.hits > this.limit,
      limit: this.limit,
      remaining: Math.max(0, this.limit - window.hits),
      resetSeconds: Math.max(1, Math.ceil(this.windowSeconds - (now - window.startedAt) / 1000)),
    };
  }

  get size(): number {
    return this.#windows.size;
  }

  #open(key: string, now: number): Window {
    const window = { startedAt: now, hits: 0 };
    // Deleted first, so that the map stays in the order of the windows' age and the oldest makes room.
    this.#windows.delete(key);
    this.#windows.set(key, window);
    if (this.#windows.size > this.keysAtMost) {
      const oldest = this.#windows.keys().next().value;
      if (oldest !== undefined) this.#windows.delete(oldest);
    }
    return window;
  }
}
