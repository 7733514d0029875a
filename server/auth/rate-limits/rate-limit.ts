import "server-only";
import { createHash } from "node:crypto";
import type { Kysely } from "kysely";
import type { Database } from "@/db/schema";
import { env } from "@/server/runtime/env";
import { recordQuota } from "@/server/runtime/request-state";
import { addressGroup, addressSite, SITE_LIMIT_FACTOR } from "@/server/auth/client/client-address";
import type { Client } from "@/server/auth/client/client";
import { hitCounter, type CountedHit } from "./hit-counter";
import { Refusal, tooManyWrongCodes, tooManyWrongPasswords } from "@/server/auth/policy/refusals";
import { quotaOf, SlidingWindows, type WindowLimit } from "@/server/runtime/sliding-windows";

interface Limit extends WindowLimit {
  name: string;
}

/** A sliding window in MySQL: exact for all instances while its table is available. */
export interface RateLimit {
  bucket: string;
  limit: Limit;
  /** Whether the response headers may disclose the remaining hits. A refusal always does. */
  isDisclosed: boolean;
  /** For IPv6: the higher limit of the /48 around the address, counted per process, so that it costs no statement. */
  siteLimit: { key: string; limit: Limit } | null;
}

export function loginLimit(client: Client): RateLimit {
  return addressLimit({ name: "login", hitsAtMost: 10, windowSeconds: 60 }, client);
}

export function registrationLimit(client: Client): RateLimit {
  return addressLimit({ name: "register", hitsAtMost: 5, windowSeconds: 60 }, client);
}

/**
 * Responses of authenticators that finish a registration. Not those of `registrationLimit`, which their begin has passed: when one is
 * refused, the passkey exists already.
 */
export function passkeyRegistrationLimit(client: Client): RateLimit {
  return addressLimit({ name: "register by passkey", hitsAtMost: 5, windowSeconds: 60 }, client);
}

/** Requests for mail by signed-out clients. */
export function mailRequestLimit(client: Client): RateLimit {
  return addressLimit({ name: "mail requests", hitsAtMost: 10, windowSeconds: 3600 }, client);
}

/** The same for a signed-in user. */
export function userMailRequestLimit(userId: string): RateLimit {
  const limit = { name: "mail requests", hitsAtMost: 10, windowSeconds: 3600 };
  return { bucket: bucketOf(limit, ["user", userId]), limit, isDisclosed: true, siteLimit: null };
}

/**
 * Mails of one kind that anyone may have sent to an address. Each kind is counted separately: otherwise requests for one would
 * prevent the others. Not disclosed: it counts other clients' requests, too.
 */
export function mailLimits(kind: string, email: string): RateLimit[] {
  return [
    { name: "mails in a minute", hitsAtMost: 1, windowSeconds: 60 },
    { name: "mails in an hour", hitsAtMost: 5, windowSeconds: 3600 },
  ].map((limit) => ({ bucket: bucketOf(limit, [kind, email]), limit, isDisclosed: false, siteLimit: null }));
}

/** Links and codes that one client presents, so that codes cannot be guessed across accounts. */
export function confirmationLimit(client: Client): RateLimit {
  return addressLimit({ name: "confirmations", hitsAtMost: 30, windowSeconds: 15 * 60 }, client);
}

/** Codes typed with the link itself. They do not count as tries of the confirmation, which anyone could use up without the link. */
export function linkCodeLimit(confirmationId: string): RateLimit {
  const limit = { name: "codes of a link", hitsAtMost: 5, windowSeconds: 15 * 60 };
  return { bucket: bucketOf(limit, [confirmationId]), limit, isDisclosed: false, siteLimit: null };
}

/** Ceremonies that one client begins: each login page begins one, and each is a row. */
export function passkeyChallengeLimit(client: Client): RateLimit {
  return addressLimit({ name: "passkey challenges", hitsAtMost: 60, windowSeconds: 60 }, client);
}

const FAILURES: Limit = { name: "failures", hitsAtMost: 10, windowSeconds: 15 * 60 };

/**
 * Wrong passwords at the login of an account, from any client. Unknown emails are counted too, so that responses do not differ. Not
 * disclosed: the remaining hits would reveal other clients' attempts. Only password checks consume it: other login methods stay open.
 */
export function accountFailureLimit(email: string): RateLimit {
  return { bucket: bucketOf(FAILURES, [email]), limit: FAILURES, isDisclosed: false, siteLimit: null };
}

/**
 * An additional limit for a known device, so that others cannot lock its owner out. Keyed by the session of the device: a holder of
 * stolen tokens has this one limit, whatever address and user agent they use.
 */
export function deviceFailureLimit(email: string, knownSessionId: string): RateLimit {
  return {
    bucket: bucketOf(FAILURES, [email, "device", knownSessionId]),
    limit: FAILURES,
    isDisclosed: false,
    siteLimit: null,
  };
}

/** Wrong passwords of a signed-in user. Keyed by user: a client can change device, address and session. */
export function userFailureLimit(userId: string): RateLimit {
  return { bucket: bucketOf(FAILURES, ["user", userId]), limit: FAILURES, isDisclosed: true, siteLimit: null };
}

const CODE_FAILURES: Limit = { name: "code failures", hitsAtMost: 5, windowSeconds: 15 * 60 };

/** Wrong codes of an account's second factor, in logins and step-ups of any client. Not disclosed, as `accountFailureLimit`. */
export function codeFailureLimit(userId: string): RateLimit {
  return { bucket: bucketOf(CODE_FAILURES, [userId]), limit: CODE_FAILURES, isDisclosed: false, siteLimit: null };
}

/** Exports of the data of one account: each reads thousands of rows. */
export function exportLimit(userId: string): RateLimit {
  const limit = { name: "export", hitsAtMost: 10, windowSeconds: 60 * 60 };
  return { bucket: bucketOf(limit, [userId]), limit, isDisclosed: true, siteLimit: null };
}

/** Counts one hit before the work is done, so that concurrent guesses cannot share the last one. Refuses above the limit. */
export async function consume(db: Kysely<Database>, rateLimit: RateLimit, now: Date): Promise<CountedHit> {
  const { bucket, limit, isDisclosed, siteLimit } = rateLimit;
  const hit = await hitCounter(db).count(bucket, limit, now);
  const retryAfterSeconds = recordHit(limit, hit, isDisclosed, now);
  if (retryAfterSeconds !== null) {
    throw refusalOf(limit, retryAfterSeconds);
  }
  // After the /64: hits refused there do not count for the /48.
  if (siteLimit !== null) consumeSiteLimit(siteLimit.key, siteLimit.limit, now);
  return hit;
}

/** Counts one hit of each limit, up to the first that is exceeded: then false, and nothing is disclosed. */
export async function isWithin(db: Kysely<Database>, rateLimits: RateLimit[], now: Date): Promise<boolean> {
  for (const { bucket, limit } of rateLimits) {
    if ((await hitCounter(db).count(bucket, limit, now)).hits > limit.hitsAtMost) return false;
  }
  return true;
}

/** One password check of a login, counted before it is made. */
export interface PasswordAttempt {
  hit: CountedHit;
  /** Then all responses are alike, except a success from a known device. */
  isAccountLimitExceeded: boolean;
  /** False if even the right password must be refused. */
  maySucceed: boolean;
  /** The refusal if the password is wrong or the login must not succeed. */
  refusal: () => Refusal;
}

/**
 * Counts a password check. Up to the account's limit all devices count there; beyond it each device counts separately, and only a
 * known one may succeed. The caller must check the password in any case: response and work must not reveal whether the device is
 * known to the account.
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
  // An unknown device gets a row of its own, too: a shared row would be slower in a flood, and so distinguishable.
  const device = deviceFailureLimit(email, knownSessionId ?? addressGroup(client.address));
  const deviceHit = await hitCounter(db).count(device.bucket, device.limit, now);
  return {
    hit: deviceHit,
    isAccountLimitExceeded: true,
    maySucceed: knownSessionId !== null && deviceHit.hits <= device.limit.hitsAtMost,
    refusal: () => tooManyWrongPasswords(recordHit(account.limit, hit, account.isDisclosed, now) ?? 1),
  };
}

/** Removes the hit of an attempt that did not fail. Asynchronous, within 100 ms. */
export function decrement(db: Kysely<Database>, hit: CountedHit): void {
  hitCounter(db).decrement(hit);
}

/** Resets the failures of an account after its password was changed: they were guesses at the old password. */
export async function clearAccountFailures(db: Kysely<Database>, email: string, now: Date): Promise<void> {
  await hitCounter(db).clear(accountFailureLimit(email).bucket, now);
}

// On globalThis: login and registration may be in separate bundles.
const SITE_WINDOWS = Symbol.for("portcullis.site-windows");
const shared = globalThis as typeof globalThis & { [SITE_WINDOWS]?: SlidingWindows };
const SLOTS_PER_SITE = 60;
const siteWindows = (shared[SITE_WINDOWS] ??= new SlidingWindows(SLOTS_PER_SITE));

function consumeSiteLimit(key: string, limit: Limit, now: Date): void {
  const { hits, resetsAt } = siteWindows.hit(key, limit, now.getTime());
  const retryAfterSeconds = recordHit(limit, { hits, resetsAt: new Date(resetsAt) }, true, now);
  if (retryAfterSeconds !== null) throw new Refusal("RATE_LIMITED", { retryAfterSeconds });
}

/** Records the quota for the response headers. Returns the seconds to wait if the limit is exceeded, else null. */
function recordHit(
  { hitsAtMost }: Limit,
  { hits, resetsAt }: { hits: number; resetsAt: Date },
  isDisclosed: boolean,
  now: Date,
): number | null {
  const quota = quotaOf(hitsAtMost, { hits, resetsAt: resetsAt.getTime() }, now.getTime());
  if (quota.isExceeded || isDisclosed) recordQuota(quota);
  return quota.isExceeded ? quota.resetSeconds : null;
}

function refusalOf({ name }: Limit, retryAfterSeconds: number): Refusal {
  if (name === FAILURES.name) return tooManyWrongPasswords(retryAfterSeconds);
  if (name === CODE_FAILURES.name) return tooManyWrongCodes(retryAfterSeconds);
  return new Refusal("RATE_LIMITED", { retryAfterSeconds });
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
    siteLimit: site === null ? null : { key: `${limit.name} ${site}`, limit: times(SITE_LIMIT_FACTOR) },
  };
}

/** A digest: it has a fixed length, and the table contains no emails. */
function bucketOf(limit: Limit, parts: string[]): string {
  return createHash("sha256")
    .update(JSON.stringify([limit.name, ...parts]))
    .digest("hex");
}
