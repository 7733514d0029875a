import "server-only";
import { availableParallelism } from "node:os";
import { Refusal } from "@/server/auth/policy/refusals";

export interface ConcurrencyLimits {
  /** Calls that run at once. */
  maxRunning: number;
  /** Calls that may wait for a slot. */
  maxWaiting: number;
  /** A call that has waited this long is rejected. */
  maxWaitSeconds: number;
}

/**
 * A semaphore with a bounded first-in-first-out queue and a wait timeout. When the queue is full or the timeout is reached, a call is
 * rejected with UNAVAILABLE. Its Retry-After is the wait timeout, after which the present queue is empty.
 */
export class ConcurrencyLimiter {
  private runningCount = 0;
  private readonly waiters = new Set<() => void>();

  constructor(private readonly limits: ConcurrencyLimits) {}

  async run<Result>(work: () => Promise<Result>): Promise<Result> {
    if (this.runningCount < this.limits.maxRunning) this.runningCount += 1;
    else await this.waitForSlot();
    try {
      return await work();
    } finally {
      this.releaseSlot();
    }
  }

  private waitForSlot(): Promise<void> {
    if (this.waiters.size >= this.limits.maxWaiting) throw this.refusal();
    return new Promise((resolve, reject) => {
      const start = () => {
        clearTimeout(timeout);
        resolve();
      };
      const timeout = setTimeout(() => {
        this.waiters.delete(start);
        reject(this.refusal());
      }, this.limits.maxWaitSeconds * 1000);
      this.waiters.add(start);
    });
  }

  /** Passes the slot directly to the next waiter, so that a call that arrives in between cannot take it too. */
  private releaseSlot(): void {
    const [next] = this.waiters;
    if (next === undefined) {
      this.runningCount -= 1;
      return;
    }
    this.waiters.delete(next);
    next();
  }

  private refusal(): Refusal {
    return new Refusal("UNAVAILABLE", { retryAfterSeconds: this.limits.maxWaitSeconds });
  }
}

const SHARED = Symbol.for("portcullis.hash-limiter");

export const MAX_CONCURRENT_HASHES = 2;

/** At most one per core: a hash that waits for a core already holds its memory. */
export function hashConcurrency(): number {
  return Math.min(MAX_CONCURRENT_HASHES, availableParallelism());
}

/**
 * The hash limiter of this process, shared by its bundles, which have separate modules but the same threads. A queue of 64 is served
 * within a second if a hash takes 30 ms. If it takes 250 ms, the last waiters are rejected after 4 s, well within the request timeout.
 */
export function hashLimiter(): ConcurrencyLimiter {
  const shared = globalThis as { [SHARED]?: ConcurrencyLimiter };
  return (shared[SHARED] ??= new ConcurrencyLimiter({
    maxRunning: hashConcurrency(),
    maxWaiting: 64,
    maxWaitSeconds: 4,
  }));
}
