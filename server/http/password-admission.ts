import "server-only";
import { ConcurrencyLimiter, hashConcurrency } from "@/server/runtime/concurrency-limiter";
import { procedureFacts, proceduresIn } from "@/server/auth/policy/procedures";

/** Every procedure that hashes a password is a mutation, which tRPC runs for POST only. */
export function hashesPassword(method: string | undefined, path: string): boolean {
  if (method !== "POST") return false;
  return proceduresIn(path)?.some((name) => procedureFacts(name)?.hashesPassword) ?? false;
}

/** Calls admitted to the app per concurrent hash: while one hashes, the others wait for the database. */
export const ADMITTED_CALLS_PER_HASH = 3;

/**
 * Calls wait here before the app receives them: starting hundreds at once would block the event loop for all other requests before
 * the first password is hashed. The number admitted keeps the hash workers busy; a higher one only adds load to the event loop.
 */
export function createPasswordAdmissionQueue(): ConcurrencyLimiter {
  return new ConcurrencyLimiter({
    maxRunning: ADMITTED_CALLS_PER_HASH * hashConcurrency(),
    maxWaiting: 64,
    maxWaitSeconds: 4,
  });
}
