import { Lineages } from "./token-families";
import { deferred, pause } from "@/evidence/pause";
import type { Random } from "@/evidence/random";
import type { Stack } from "./stack";
import type { Tally } from "./results";

export interface Lives {
  accessSeconds: number;
  beforeExpirySeconds: number;
  graceSeconds: number;
  idleSeconds: number;
}

/** What everybody in the lab knows. */
export class World {
  readonly lineages: Lineages;
  readonly #end = deferred();
  #isOver = false;
  #calmSince = performance.now();
  #troubles = 0;

  constructor(
    readonly stack: Stack,
    readonly tally: Tally,
    readonly random: Random,
    readonly lives: Lives,
  ) {
    this.lineages = new Lineages(tally);
  }

  /** Nobody begins anything new. */
  get isOver(): boolean {
    return this.#isOver;
  }

  end(): void {
    this.#isOver = true;
    this.#end.resolve();
  }

  /** Waits, but not beyond the end of the world. */
  async wait(milliseconds: number): Promise<void> {
    await Promise.race([pause(milliseconds), this.#end.promise]);
  }

  /** The longest that an honest request may live: the contract promises nothing beyond. */
  get requestMilliseconds(): number {
    return Math.min(12, this.lives.graceSeconds / 2) * 1000;
  }

  /** Clear of a window, whatever the clocks and timers of a busy machine do. */
  get clearMilliseconds(): number {
    return this.lives.graceSeconds * 1000 + 500;
  }

  /** No trouble of ours is under way, nor has been for two seconds: what is timed now is the product's own. */
  get isCalm(): boolean {
    return this.#troubles === 0 && performance.now() - this.#calmSince > 2000;
  }

  /** When the last trouble began or ended; what was under way then says nothing about calm times. */
  get troubledAt(): number {
    return this.#troubles > 0 ? performance.now() : this.#calmSince;
  }

  async trouble<Result>(work: () => Promise<Result>): Promise<Result> {
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
