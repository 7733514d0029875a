import "server-only";
import { availableParallelism } from "node:os";
import { Refusal } from "@/server/auth/policy/refusals";

export interface ConcurrencyLimits {
  /** Hashes under way at once. */
  maxRunning: number;
  /** Callers waiting for their turn. */
  maxWaiting: number;
  /** A caller whose turn has not come by then is sent away. */
  maxWaitSeconds: number;
}

/**
 * Runs expensive work a few at a time, in order of arrival. Callers for whom there is no room, or who waited too long,
 * get UNAVAILABLE. By the time they are told to come back at, everybody who waits now has been answered.
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
      const begin = () => {
        clearTimeout(patience);
        resolve();
      };
      const patience = setTimeout(() => {
        this.waiters.delete(begin);
        reject(this.refusal());
      }, this.limits.maxWaitSeconds * 1000);
      this.waiters.add(begin);
    });
  }

  /** The turn goes from hand to hand: nobody who arrives in between can take it as well. */
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

/** Not more than there are cores: a hash that waits for one has its memory already. */
export function hashConcurrency(): number {
  return Math.min(MAX_CONCURRENT_HASHES, availableParallelism());
}

/**
 * This process's only way to a hash: bundles have their own modules but share the process's threads. 64 waiting are served in a
 * second where a hash takes 30 ms; where it takes 250, the last of them give up after four, well below the 10 seconds in
 * which everybody has an answer.
 */
export function hashLimiter(): ConcurrencyLimiter {
  const shared = globalThis as { [SHARED]?: ConcurrencyLimiter };
  return (shared[SHARED] ??= new ConcurrencyLimiter({
    maxRunning: hashConcurrency(),
    maxWaiting: 64,
    maxWaitSeconds: 4,
  }));
}
