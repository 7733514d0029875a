import "server-only";
import { createHash } from "node:crypto";
import { LRUCache } from "lru-cache";
import type { Kysely } from "kysely";
import type { Database } from "@/db/schema";
import { env } from "@/server/runtime/env";
import { recordQuota } from "@/server/runtime/request-state";
import { addressGroup, addressSite, WIDER_ALLOWANCE } from "@/server/auth/client/client-address";
import type { Client } from "@/server/auth/client/client";
import { hitCounter, type CountedHit } from "./hit-counter";
import { Refusal, tooManyWrongPasswords } from "@/server/auth/policy/refusals";
import { SlidingWindow, type WindowLimit } from "@/server/auth/policy/sliding-window";

interface Limit extends WindowLimit {
  name: string;
}

/** A sliding window in MySQL: exact for all instances together, as long as its table answers. */
export interface RateLimit {
  bucket: string;
  limit: Limit;
  /** Whether whoever spends from it may know what is left. A refusal tells in any case. */
  isDisclosed: boolean;
  /** Of IPv6: the /48 around the address, which has a wider allowance, counted in each process: it costs no statement. */
  siteLimit: { key: string; limit: Limit } | null;
}

export function loginLimit(client: Client): RateLimit {
  return addressLimit({ name: "login", hitsAtMost: 10, windowSeconds: 60 }, client);
}

export function registrationLimit(client: Client): RateLimit {
  return addressLimit({ name: "register", hitsAtMost: 5, windowSeconds: 60 }, client);
}

const FAILURES: Limit = { name: "failures", hitsAtMost: 10, windowSeconds: 15 * 60 };

/**
 * Wrong passwords at the login of an account, from wherever. Counted for unknown emails as well: the answers are alike. What is
 * left would tell what others do there. Only checks of a password spend from it: other ways to sign in are not blocked by it.
 */
export function accountFailureLimit(email: string): RateLimit {
  return { bucket: bucketOf(FAILURES, [email]), limit: FAILURES, isDisclosed: false, siteLimit: null };
}

/**
 * What a device that signed in before has besides, so that others cannot lock its owner out. Named by the session it signed in
 * with: a holder of that session's tokens has this one allowance, under whatever address and user agent.
 */
export function deviceFailureLimit(email: string, knownSessionId: string): RateLimit {
  return {
    bucket: bucketOf(FAILURES, [email, "device", knownSessionId]),
    limit: FAILURES,
    isDisclosed: false,
    siteLimit: null,
  };
}

/** Wrong passwords of whoever is signed in, by user: device, address and session are the client's to choose. */
export function userFailureLimit(userId: string): RateLimit {
  return { bucket: bucketOf(FAILURES, ["user", userId]), limit: FAILURES, isDisclosed: true, siteLimit: null };
}

/** Takes one from the allowance before the work is done, so that parallel guesses cannot share the last one. Refuses when none is left. */
export async function consume(db: Kysely<Database>, rateLimit: RateLimit, now: Date): Promise<CountedHit> {
  const { bucket, limit, isDisclosed, siteLimit } = rateLimit;
  const hit = await hitCounter(db).count(bucket, limit, now);
  const retryAfterSeconds = recordHit(limit, hit, isDisclosed, now);
  if (retryAfterSeconds !== null) {
    throw isAddressLimit(limit)
      ? new Refusal("RATE_LIMITED", { retryAfterSeconds })
      : tooManyWrongPasswords(retryAfterSeconds);
  }
  // After its network: what one /64 is refused does not use up the share of its neighbours.
  if (siteLimit !== null) consumeSiteLimit(siteLimit.key, siteLimit.limit, now);
  return hit;
}

/** One check of a password at the login, spent before it is made. */
export interface PasswordAttempt {
  hit: CountedHit;
  /** The account has no room: nothing but a success from a known device may be told from any other attempt. */
  isAccountLimitExceeded: boolean;
  /** False where even the right password must be refused. */
  maySucceed: boolean;
  /** Why the login is refused if the password is wrong, or must not succeed. */
  refusal: () => Refusal;
}

/**
 * Spends a check of a password. While the account has room, every device spends from that. Then a known device spends from its
 * own, and its wrong passwords are answered like those of all others, after the same work: nobody can tell by failing whether an
 * address and browser have signed in to the account. So the caller checks the password in any case.
 */
export async function consumePasswordAttempt(
  db: Kysely<Database>,
  email: string,
  knownSessionId: string | null,
  client: Client,
  now: Date,
): Promise<PasswordAttempt> {
  const account = accountFailureLimit(email);
  const hit = await hitCounter(db).count(account.bucket, account.limit, now);
  if (hit.hits <= account.limit.hitsAtMost) {
    return { hit, isAccountLimitExceeded: false, maySucceed: true, refusal: () => new Refusal("INVALID_CREDENTIALS") };
  }
  // An unknown device spends from a row as well, of its own like that of a known one: a shared one would be slower in a flood.
  const device = deviceFailureLimit(email, knownSessionId ?? addressGroup(client.address));
  const deviceHit = await hitCounter(db).count(device.bucket, device.limit, now);
  return {
    hit: deviceHit,
    isAccountLimitExceeded: true,
    maySucceed: knownSessionId !== null && deviceHit.hits <= device.limit.hitsAtMost,
    refusal: () => tooManyWrongPasswords(recordHit(account.limit, hit, account.isDisclosed, now) ?? 1),
  };
}

/** Gives one back: it was no failure after all. Nobody waits for it: it takes up to a tenth of a second. */
export function decrement(db: Kysely<Database>, hit: CountedHit): void {
  hitCounter(db).decrement(hit);
}

/** Forgets the failed logins of an account whose owner has proved control of it: they were guesses at a password that is gone. */
export async function clearAccountFailures(db: Kysely<Database>, email: string, now: Date): Promise<void> {
  await hitCounter(db).clear(accountFailureLimit(email).bucket, now);
}

// Login and register may end up in bundles of their own.
const SITE_WINDOWS = Symbol.for("portcullis.site-windows");
const shared = globalThis as typeof globalThis & { [SITE_WINDOWS]?: LRUCache<string, SlidingWindow> };
const siteWindows = (shared[SITE_WINDOWS] ??= new LRUCache({ max: 50_000 }));
const SLOTS_PER_SITE = 60;

function consumeSiteLimit(key: string, limit: Limit, now: Date): void {
  const window = siteWindows.get(key) ?? new SlidingWindow(SLOTS_PER_SITE);
  siteWindows.set(key, window);
  const { hits, resetsAt } = window.hit(limit, now.getTime());
  const retryAfterSeconds = recordHit(limit, { hits, resetsAt: new Date(resetsAt) }, true, now);
  if (retryAfterSeconds !== null) throw new Refusal("RATE_LIMITED", { retryAfterSeconds });
}

/** Notes for the headers what a hit has left. The seconds to wait if it is one too many, else null. */
function recordHit(
  { hitsAtMost: limit }: Limit,
  { hits, resetsAt }: { hits: number; resetsAt: Date },
  isDisclosed: boolean,
  now: Date,
): number | null {
  const isExceeded = hits > limit;
  const resetSeconds = Math.max(1, Math.ceil((resetsAt.getTime() - now.getTime()) / 1000));
  if (isExceeded || isDisclosed) recordQuota({ isExceeded, limit, remaining: Math.max(0, limit - hits), resetSeconds });
  return isExceeded ? resetSeconds : null;
}

function isAddressLimit({ name }: Limit): boolean {
  return name !== FAILURES.name;
}

function addressLimit(limit: Limit, client: Client): RateLimit {
  const times = (factor: number): Limit => ({
    ...limit,
    hitsAtMost: Math.max(1, Math.floor(limit.hitsAtMost * factor * env().RATE_LIMIT_FACTOR)),
  });
  const site = addressSite(client.address);
  return {
    bucket: bucketOf(limit, [addressGroup(client.address)]),
    limit: times(1),
    isDisclosed: true,
    siteLimit: site === null ? null : { key: `${limit.name} ${site}`, limit: times(WIDER_ALLOWANCE) },
  };
}

/** A digest: of one length, and nobody's email lies about in the table. */
function bucketOf(limit: Limit, parts: string[]): string {
  return createHash("sha256")
    .update(JSON.stringify([limit.name, ...parts]))
    .digest("hex");
}
