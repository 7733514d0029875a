import "server-only";
import { createHash } from "node:crypto";
import { LRUCache } from "lru-cache";
import type { Kysely } from "kysely";
import type { Database } from "@/db/schema";
import { env } from "@/server/env";
import { noteQuota } from "@/server/request-notes";
import { addressGroup, addressSite, WIDER_ALLOWANCE } from "./client-address";
import type { Client } from "./client";
import { hitCounter, type CountedHit } from "./hit-counter";
import { Refusal } from "./policy/refusals";
import { SlidingWindow, type WindowLimit } from "./policy/sliding-window";

interface Limit extends WindowLimit {
  name: string;
}

/** A sliding window in MySQL: exact for all instances together, as long as its table answers. */
export interface Allowance {
  bucket: string;
  limit: Limit;
  /** Whether whoever spends from it may know what is left. A refusal tells in any case. */
  isTold: boolean;
  /** Of IPv6: the /48 around the address, which has a wider allowance, counted in each process: it costs no statement. */
  site: { key: string; limit: Limit } | null;
}

export function loginsFrom(client: Client): Allowance {
  return perAddress({ name: "login", hitsAtMost: 10, windowSeconds: 60 }, client);
}

export function registrationsFrom(client: Client): Allowance {
  return perAddress({ name: "register", hitsAtMost: 5, windowSeconds: 60 }, client);
}

const FAILURES: Limit = { name: "failures", hitsAtMost: 10, windowSeconds: 15 * 60 };

/**
 * Wrong passwords for an account from devices that never signed in to it. Counted for unknown emails as well: the answers
 * are alike. What is left would tell what others do there.
 */
export function failuresOfStrangers(email: string): Allowance {
  return { bucket: bucketOf(FAILURES, [email]), limit: FAILURES, isTold: false, site: null };
}

/**
 * A device that was signed in before has an allowance of its own: strangers cannot lock the owner out. What is left would
 * tell whoever shares address and browser with somebody that this one has an account.
 */
export function failuresOfKnownDevice(email: string, client: Client): Allowance {
  const device = [addressGroup(client.address), client.browser, client.os];
  return { bucket: bucketOf(FAILURES, [email, ...device]), limit: FAILURES, isTold: false, site: null };
}

/** The same allowance, of somebody who is signed in. */
export function failuresOfOwner(email: string, client: Client): Allowance {
  return { ...failuresOfKnownDevice(email, client), isTold: true };
}

/** Takes one from the allowance before the work is done, so that parallel guesses cannot share the last one. Refuses when none is left. */
export async function spend(db: Kysely<Database>, allowance: Allowance, now: Date): Promise<CountedHit> {
  const { bucket, limit, isTold, site } = allowance;
  const hit = await hitCounter(db).count(bucket, limit, now);
  const retryAfterSeconds = note(limit, hit, isTold, now);
  if (retryAfterSeconds !== null) throw new Refusal("RATE_LIMITED", { retryAfterSeconds });
  // After its network: what one /64 is refused does not use up the share of its neighbours.
  if (site !== null) spendOfSite(site.key, site.limit, now);
  return hit;
}

/** Gives one back: it was no failure after all. Nobody waits for it: it takes up to a tenth of a second. */
export function giveBack(db: Kysely<Database>, hit: CountedHit): void {
  hitCounter(db).refund(hit);
}

// Login and register may end up in bundles of their own.
const SITES = Symbol.for("portcullis.site-windows");
const shared = globalThis as typeof globalThis & { [SITES]?: LRUCache<string, SlidingWindow> };
const SITES_COUNTED_AT_MOST = 50_000;
const SLOTS_PER_SITE = 60;

function spendOfSite(key: string, limit: Limit, now: Date): void {
  const windows = (shared[SITES] ??= new LRUCache({ max: SITES_COUNTED_AT_MOST }));
  const window = windows.get(key) ?? new SlidingWindow(SLOTS_PER_SITE);
  windows.set(key, window);
  const { hits, resetsAt } = window.hit(limit, now.getTime());
  const retryAfterSeconds = note(limit, { hits, resetsAt: new Date(resetsAt) }, true, now);
  if (retryAfterSeconds !== null) throw new Refusal("RATE_LIMITED", { retryAfterSeconds });
}

/** Notes for the headers what a hit has left. The seconds to wait if it is one too many, else null. */
function note(
  { hitsAtMost: limit }: Limit,
  { hits, resetsAt }: { hits: number; resetsAt: Date },
  isTold: boolean,
  now: Date,
): number | null {
  const isExceeded = hits > limit;
  const resetSeconds = Math.max(1, Math.ceil((resetsAt.getTime() - now.getTime()) / 1000));
  if (isExceeded || isTold) noteQuota({ isExceeded, limit, remaining: Math.max(0, limit - hits), resetSeconds });
  return isExceeded ? resetSeconds : null;
}

function perAddress(limit: Limit, client: Client): Allowance {
  const times = (factor: number): Limit => ({
    ...limit,
    hitsAtMost: Math.max(1, Math.floor(limit.hitsAtMost * factor * env().RATE_LIMIT_FACTOR)),
  });
  const site = addressSite(client.address);
  return {
    bucket: bucketOf(limit, [addressGroup(client.address)]),
    limit: times(1),
    isTold: true,
    site: site === null ? null : { key: `${limit.name} ${site}`, limit: times(WIDER_ALLOWANCE) },
  };
}

/** A digest: of one length, and nobody's email lies about in the table. */
function bucketOf(limit: Limit, parts: string[]): string {
  return createHash("sha256")
    .update(JSON.stringify([limit.name, ...parts]))
    .digest("hex");
}
