import { deferred, pause } from "@/evidence/pause";
import type { Random } from "@/evidence/random";
import type { Results } from "./results";
import type { Stack } from "./stack";
import { TokenFamilies } from "./token-families";

export interface Lifetimes {
  accessSeconds: number;
  beforeExpirySeconds: number;
  graceSeconds: number;
  idleSeconds: number;
}

/** State that all simulated users and faults of one run share. */
export class Lab {
  readonly tokenFamilies: TokenFamilies;
  readonly #end = deferred();
  #hasEnded = false;
  #faultChangedAt = performance.now();
  #activeFaults = 0;

  constructor(
    readonly stack: Stack,
    readonly results: Results,
    readonly random: Random,
    readonly lifetimes: Lifetimes,
    /** A request may take at most half the grace window: beyond it, the protocol does not guarantee that the session survives. */
    readonly requestTimeoutMilliseconds = Math.min(12, lifetimes.graceSeconds / 2) * 1000,
  ) {
    this.tokenFamilies = new TokenFamilies(results);
  }

  /** From then on users start no new requests. */
  get hasEnded(): boolean {
    return this.#hasEnded;
  }

  end(): void {
    this.#hasEnded = true;
    this.#end.resolve();
  }

  /** Returns early when the run ends. */
  async wait(milliseconds: number): Promise<void> {
    await Promise.race([pause(milliseconds), this.#end.promise]);
  }

  /** The grace window plus a margin for clock and timer inaccuracy on a busy machine. */
  get beyondGraceMilliseconds(): number {
    return this.lifetimes.graceSeconds * 1000 + 500;
  }

  /** No injected fault is active or ended within the last two seconds, so that timings measure the product alone. */
  get isFaultFree(): boolean {
    return this.#activeFaults === 0 && performance.now() - this.#faultChangedAt > 2000;
  }

  /** When an injected fault last began or ended; requests that were pending then are not timed. */
  get lastFaultAt(): number {
    return this.#activeFaults > 0 ? performance.now() : this.#faultChangedAt;
  }

  async duringFault<Result>(work: () => Promise<Result>): Promise<Result> {
    this.#activeFaults += 1;
    this.#faultChangedAt = performance.now();
    try {
      return await work();
    } finally {
      this.#activeFaults -= 1;
      this.#faultChangedAt = performance.now();
    }
  }
}
