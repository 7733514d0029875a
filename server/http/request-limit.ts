import "server-only";
import { addressGroup, addressSite, WIDER_ALLOWANCE } from "@/server/auth/client/client-address";
import { SlidingWindow } from "@/server/auth/policy/sliding-window";
import type { Quota } from "@/server/runtime/request-state";

/** A limit of hundreds shares slots, so that the memory of an address stays below a kilobyte. */
const MAX_SLOTS = 60;

/** Counts hits by key in sliding windows, in this process only, and never for more than so many keys. */
export class RequestLimiter {
  readonly #windows = new Map<string, SlidingWindow>();

  constructor(
    readonly limit: number,
    readonly windowSeconds: number,
    readonly maxKeys: number,
  ) {}

  /** `now` is in milliseconds of a clock that never goes back. */
  consume(key: string, now: number): Quota {
    const { limit, windowSeconds } = this;
    const { hits, resetsAt } = this.#windowOf(key).hit({ hitsAtMost: limit, windowSeconds }, now);
    return {
      isExceeded: hits > limit,
      limit,
      remaining: Math.max(0, limit - hits),
      resetSeconds: Math.max(1, Math.ceil(Math.round(resetsAt - now) / 1000)),
    };
  }

  get size(): number {
    return this.#windows.size;
  }

  /** The map stays in the order of use: what was not used for longest makes room. */
  #windowOf(key: string): SlidingWindow {
    const window = this.#windows.get(key) ?? new SlidingWindow(MAX_SLOTS);
    this.#windows.delete(key);
    this.#windows.set(key, window);
    if (this.#windows.size > this.maxKeys) {
      const oldest = this.#windows.keys().next().value;
      if (oldest !== undefined) this.#windows.delete(oldest);
    }
    return window;
  }
}

/** The ceiling of an address: an IPv4 address or IPv6 /64, and for IPv6 the /48 around it. */
export class AddressLimiter {
  readonly #groups: RequestLimiter;
  readonly #sites: RequestLimiter;

  constructor(limit: number, windowSeconds: number, keysAtMost: number) {
    this.#groups = new RequestLimiter(limit, windowSeconds, keysAtMost);
    this.#sites = new RequestLimiter(limit * WIDER_ALLOWANCE, windowSeconds, keysAtMost);
  }

  /** Says the tighter of the two. What a /64 is refused does not count for its /48: one network cannot use up its neighbours' share. */
  consume(address: string, now: number): Quota {
    const group = this.#groups.consume(addressGroup(address), now);
    const site = addressSite(address);
    if (site === null || group.isExceeded) return group;
    const wider = this.#sites.consume(site, now);
    return wider.isExceeded || wider.remaining < group.remaining ? wider : group;
  }
}
