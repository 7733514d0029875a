import "server-only";
import { createHash } from "node:crypto";
import type { Kysely } from "kysely";
import type { Database } from "@/db/schema";
import { env } from "@/server/env";
import { noteQuota } from "@/server/request-notes";
import { addressGroup } from "./client-address";
import type { Client } from "./client";
import { hitCounter, type CountedHit } from "./hit-counter";
import { Refusal } from "./policy/refusals";

interface Limit {
  name: string;
  hitsAtMost: number;
  windowSeconds: number;
}

/** A counter in MySQL: exact for all instances together, as long as its table answers. */
export interface Allowance {
  bucket: string;
  limit: Limit;
  /** Whether whoever spends from it may know what is left. A refusal tells in any case. */
  isTold: boolean;
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
  return { bucket: bucketOf(FAILURES, [email]), limit: FAILURES, isTold: false };
}

/**
 * A device that was signed in before has an allowance of its own: strangers cannot lock the owner out. What is left would
 * tell whoever shares address and browser with somebody that this one has an account.
 */
export function failuresOfKnownDevice(email: string, client: Client): Allowance {
  const device = [addressGroup(client.address), client.browser, client.os];
  return { bucket: bucketOf(FAILURES, [email, ...device]), limit: FAILURES, isTold: false };
}

/** The same allowance, of somebody who is signed in. */
export function failuresOfOwner(email: string, client: Client): Allowance {
  return { ...failuresOfKnownDevice(email, client), isTold: true };
}

/** Takes one from the allowance before the work is done, so that parallel guesses cannot share the last one. Refuses when none is left. */
export async function spend(db: Kysely<Database>, allowance: Allowance, now: Date): Promise<CountedHit> {
  const { windowSeconds, hitsAtMost: limit } = allowance.limit;
  const hit = await hitCounter(db).count(allowance.bucket, windowSeconds, now);
  const isExceeded = hit.hits > limit;
  const resetSeconds = Math.max(1, Math.ceil((hit.resetsAt.getTime() - now.getTime()) / 1000));
  if (isExceeded || allowance.isTold) {
    noteQuota({ isExceeded, limit, remaining: Math.max(0, limit - hit.hits), resetSeconds });
  }
  if (isExceeded) throw new Refusal("RATE_LIMITED", { retryAfterSeconds: resetSeconds });
  return hit;
}

/** Gives one back: it was no failure after all. Nobody waits for it: it takes up to a tenth of a second. */
export function giveBack(db: Kysely<Database>, hit: CountedHit, now: Date): void {
  hitCounter(db).refund(hit, now);
}

function perAddress(limit: Limit, client: Client): Allowance {
  const hitsAtMost = Math.max(1, Math.floor(limit.hitsAtMost * env().RATE_LIMIT_FACTOR));
  return { bucket: bucketOf(limit, [addressGroup(client.address)]), limit: { ...limit, hitsAtMost }, isTold: true };
}

/** A digest: of one length, and nobody's email lies about in the table. */
function bucketOf(limit: Limit, parts: string[]): string {
  return createHash("sha256")
    .update(JSON.stringify([limit.name, ...parts]))
    .digest("hex");
}
