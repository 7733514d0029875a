import "server-only";
import { createHash } from "node:crypto";
import type { Kysely } from "kysely";
import { countHit, refundHit } from "@/db/rate-limits";
import type { Database } from "@/db/schema";
import { env } from "@/server/env";
import { addressGroup } from "./client-address";
import type { Client } from "./client";
import { Refusal } from "./policy/refusals";

interface Limit {
  name: string;
  hitsAtMost: number;
  windowSeconds: number;
}

/** A counter in MySQL: exact for all instances together. */
export interface Allowance {
  bucket: string;
  limit: Limit;
}

export function loginsFrom(client: Client): Allowance {
  return perAddress({ name: "login", hitsAtMost: 10, windowSeconds: 60 }, client);
}

export function registrationsFrom(client: Client): Allowance {
  return perAddress({ name: "register", hitsAtMost: 5, windowSeconds: 60 }, client);
}

const FAILURES: Limit = { name: "failures", hitsAtMost: 10, windowSeconds: 15 * 60 };

/** Wrong passwords for an account from devices that never signed in to it. Counted for unknown emails as well: the answers are alike. */
export function failuresOfStrangers(email: string): Allowance {
  return { bucket: bucketOf(FAILURES, [email]), limit: FAILURES };
}

/** A device that was signed in before has an allowance of its own: strangers cannot lock the owner out. */
export function failuresOfKnownDevice(email: string, client: Client): Allowance {
  const device = [addressGroup(client.address), client.browser, client.os];
  return { bucket: bucketOf(FAILURES, [email, ...device]), limit: FAILURES };
}

/** Takes one from the allowance before the work is done, so that parallel guesses cannot share the last one. Refuses when none is left. */
export async function spend(db: Kysely<Database>, { bucket, limit }: Allowance, now: Date): Promise<void> {
  const { hits, resetsAt } = await countHit(db, bucket, { windowSeconds: limit.windowSeconds, now });
  if (hits <= limit.hitsAtMost) return;
  const retryAfterSeconds = Math.max(1, Math.ceil((resetsAt.getTime() - now.getTime()) / 1000));
  throw new Refusal("RATE_LIMITED", { retryAfterSeconds });
}

/** Gives one back: it was no failure after all. */
export async function giveBack(db: Kysely<Database>, allowance: Allowance, now: Date): Promise<void> {
  await refundHit(db, allowance.bucket, now);
}

function perAddress(limit: Limit, client: Client): Allowance {
  const hitsAtMost = Math.max(1, Math.floor(limit.hitsAtMost * env().RATE_LIMIT_FACTOR));
  return { bucket: bucketOf(limit, [addressGroup(client.address)]), limit: { ...limit, hitsAtMost } };
}

/** A digest: of one length, and nobody's email lies about in the table. */
function bucketOf(limit: Limit, parts: string[]): string {
  return createHash("sha256")
    .update(JSON.stringify([limit.name, ...parts]))
    .digest("hex");
}
