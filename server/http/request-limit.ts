import "server-only";
import { addressGroup, addressSite, SITE_LIMIT_FACTOR } from "@/server/auth/client/client-address";
import type { Quota } from "@/server/runtime/request-state";
import { quotaOf, SlidingWindows } from "@/server/runtime/sliding-windows";

/** Larger limits group their hits into slots, so that one address takes less than a kilobyte of memory. */
const MAX_SLOTS = 60;

/** Limits an IPv4 address or an IPv6 /64, and with a wider limit the IPv6 /48 around it. */
export class AddressLimiter {
  readonly #groups = new SlidingWindows(MAX_SLOTS);
  readonly #sites = new SlidingWindows(MAX_SLOTS);

  constructor(
    private readonly limit: number,
    private readonly windowSeconds: number,
  ) {}

  /**
   * Returns the stricter quota; `now` is in milliseconds of a monotonic clock. Hits refused for a /64 do not count for its /48, so
   * that one network cannot exhaust the limit of its neighbours.
   */
  consume(address: string, now: number): Quota {
    const group = this.#count(this.#groups, addressGroup(address), this.limit, now);
    const site = addressSite(address);
    if (site === null || group.isExceeded) return group;
    const siteQuota = this.#count(this.#sites, site, this.limit * SITE_LIMIT_FACTOR, now);
    return siteQuota.isExceeded || siteQuota.remaining < group.remaining ? siteQuota : group;
  }

  #count(windows: SlidingWindows, key: string, limit: number, now: number): Quota {
    return quotaOf(limit, windows.hit(key, { hitsAtMost: limit, windowSeconds: this.windowSeconds }, now), now);
  }
}
