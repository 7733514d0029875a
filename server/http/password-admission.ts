import "server-only";
import { ConcurrencyLimiter, hashConcurrency } from "@/server/runtime/concurrency-limiter";
import { factsOf, proceduresIn } from "@/server/auth/policy/procedures";

/** Whether a request has a password hashed. Every procedure that does is a mutation, which tRPC runs for a POST only. */
export function hashesPassword(method: string | undefined, path: string): boolean {
  if (method !== "POST") return false;
  return proceduresIn(path)?.some((name) => factsOf(name)?.hashesPassword) ?? false;
}

/** For each hash that can run at once, so many calls are handed to the app: the others wait for the database meanwhile. */
export const ADMITTED_CALLS_PER_HASH = 3;

/**
 * Where such calls wait before the app sees them. Handing hundreds to the app at once would keep the event loop from everything else
 * for as long as it takes to begin them all, long before the first password is hashed. Enough are let in to keep the hashes going
 * while others are at the database; each one more comes between others and the event loop.
 */
export function createPasswordAdmissionQueue(): ConcurrencyLimiter {
  return new ConcurrencyLimiter({
    maxRunning: ADMITTED_CALLS_PER_HASH * hashConcurrency(),
    maxWaiting: 64,
    maxWaitSeconds: 4,
  });
}
