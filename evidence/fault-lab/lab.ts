import { TokenFamilies } from "./token-families";
import { deferred, pause } from "@/evidence/pause";
import type { Random } from "@/evidence/random";
import type { Stack } from "./stack";
import type { Results } from "./results";

export interface Lifetimes {
  accessSeconds: number;
  beforeExpirySeconds: number;
  graceSeconds: number;
  idleSeconds: number;
}

/** What everybody in the lab knows. */
export class Lab {
  readonly tokenFamilies: TokenFamilies;
  readonly #end = deferred();
  #hasEnded = false;
  #calmSince = performance.now();
  #troubles = 0;

  constructor(
    readonly stack: Stack,
    readonly results: Results,
    readonly random: Random,
    readonly lifetimes: Lifetimes,
  ) {
    this.tokenFamilies = new TokenFamilies(results);
  }

  /** Nobody begins anything new. */
  get hasEnded(): boolean {
    return this.#hasEnded;
  }

  end(): void {
    this.#hasEnded = true;
    this.#end.resolve();
  }

  /** Waits, but not beyond the end of the world. */
  async wait(milliseconds: number): Promise<void> {
    await Promise.race([pause(milliseconds), this.#end.promise]);
  }

  /** The longest that an honest request may live: the contract promises nothing beyond. */
  get requestTimeoutMilliseconds(): number {
    return Math.min(12, this.lifetimes.graceSeconds / 2) * 1000;
  }

  /** Clear of a window, whatever the clocks and timers of a busy machine do. */
  get beyondGraceMilliseconds(): number {
    return this.lifetimes.graceSeconds * 1000 + 500;
  }

  /** No trouble of ours is under way, nor has been for two seconds: what is timed now is the product's own. */
  get isFaultFree(): boolean {
    return this.#troubles === 0 && performance.now() - this.#calmSince > 2000;
  }

  /** When the last trouble began or ended; what was under way then says nothing about calm times. */
  get lastFaultAt(): number {
    return this.#troubles > 0 ? performance.now() : this.#calmSince;
  }

  async duringFault<Result>(work: () => Promise<Result>): Promise<Result> {
    this.#troubles += 1;
    this.#calmSince = performance.now();
    try {
      return await work();
    } finally {
      this.#troubles -= 1;
      this.#calmSince = performance.now();
    }
  }
}
