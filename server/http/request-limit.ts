import "server-only";
import { addressGroup, addressSite, SITE_LIMIT_FACTOR } from "@/server/auth/client/client-address";
import { SlidingWindow } from "@/server/runtime/sliding-windows";
import type { Quota } from "@/server/runtime/request-state";

/** Larger limits group their hits into slots, so that one address takes less than a kilobyte of memory. */
const MAX_SLOTS = 60;

/** A sliding window rate limiter in the memory of this process. Holds at most `maxKeys` keys. */
export class RequestLimiter {
  readonly #windows = new Map<string, SlidingWindow>();

  constructor(
    readonly limit: number,
    readonly windowSeconds: number,
    readonly maxKeys: number,
  ) {}

  /** `now` is in milliseconds of a monotonic clock. */
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

  /** The map is kept in order of last use, so that the least recently used key is evicted. */
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

/** Limits an IPv4 address or an IPv6 /64, and with a wider limit the IPv6 /48 around it. */
export class AddressLimiter {
  readonly #groups: RequestLimiter;
  readonly #sites: RequestLimiter;

  constructor(limit: number, windowSeconds: number, maxKeys: number) {
    this.#groups = new RequestLimiter(limit, windowSeconds, maxKeys);
    this.#sites = new RequestLimiter(limit * SITE_LIMIT_FACTOR, windowSeconds, maxKeys);
  }

  /** Returns the stricter quota. Hits refused for a /64 do not count for its /48, so that one network cannot exhaust the limit of its neighbours. */
  consume(address: string, now: number): Quota {
    const group = this.#groups.consume(addressGroup(address), now);
    const site = addressSite(address);
    if (site === null || group.isExceeded) return group;
    const siteQuota = this.#sites.consume(site, now);
    return siteQuota.isExceeded || siteQuota.remaining < group.remaining ? siteQuota : group;
  }
}
