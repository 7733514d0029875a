import "server-only";
import { availableParallelism } from "node:os";
import { Refusal } from "@/server/auth/policy/refusals";

export interface ConcurrencyLimits {
  /** Hashes under way at once. */
  running: number;
  /** Callers waiting for their turn. */
  waiting: number;
  /** A caller whose turn has not come by then is sent away. */
  patienceSeconds: number;
}

/**
 * Runs expensive work a few at a time, in order of arrival. Callers for whom there is no room, or who waited too long,
 * get UNAVAILABLE. By the time they are told to come back at, everybody who waits now has been answered.
 */
export class ConcurrencyLimiter {
  private runningCount = 0;
  private readonly waitingTurns = new Set<() => void>();

  constructor(private readonly limits: ConcurrencyLimits) {}

  async run<Result>(work: () => Promise<Result>): Promise<Result> {
    if (this.runningCount < this.limits.running) this.runningCount += 1;
    else await this.waitForTurn();
    try {
      return await work();
    } finally {
      this.passTurnOn();
    }
  }

  private waitForTurn(): Promise<void> {
    if (this.waitingTurns.size >= this.limits.waiting) throw this.refusal();
    return new Promise((resolve, reject) => {
      const begin = () => {
        clearTimeout(patience);
        resolve();
      };
      const patience = setTimeout(() => {
        this.waitingTurns.delete(begin);
        reject(this.refusal());
      }, this.limits.patienceSeconds * 1000);
      this.waitingTurns.add(begin);
    });
  }

  /** The turn goes from hand to hand: nobody who arrives in between can take it as well. */
  private passTurnOn(): void {
    const [next] = this.waitingTurns;
    if (next === undefined) {
      this.runningCount -= 1;
      return;
    }
    this.waitingTurns.delete(next);
    next();
  }

  private refusal(): Refusal {
    return new Refusal("UNAVAILABLE", { retryAfterSeconds: this.limits.patienceSeconds });
  }
}

const SHARED = Symbol.for("portcullis.hash-queue");

export const HASHES_AT_MOST = 2;

/** Not more than there are cores: a hash that waits for one has its memory already. */
export function hashesAtOnce(): number {
  return Math.min(HASHES_AT_MOST, availableParallelism());
}

/**
 * This process's only way to a hash: bundles have their own modules but share the process's threads. 64 waiting are served in a
 * second where a hash takes 30 ms; where it takes 250, the last of them give up after four, well below the 10 seconds in
 * which everybody has an answer.
 */
export function hashLimiter(): ConcurrencyLimiter {
  const shared = globalThis as { [SHARED]?: ConcurrencyLimiter };
  return (shared[SHARED] ??= new ConcurrencyLimiter({
    running: hashesAtOnce(),
    waiting: 64,
    patienceSeconds: 4,
  }));
}
