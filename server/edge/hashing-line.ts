import "server-only";
import { HashQueue, hashesAtOnce } from "@/server/auth/hash-queue";
import { CALLS } from "@/server/auth/policy/routes";

const HASHING = ["auth.login", "auth.register", "users.changePassword"];

/** Whether a call has a password hashed, in whatever spelling of its path and company of a batch. */
export function hashesPassword(path: string): boolean {
  if (!path.startsWith(`${CALLS}/`)) return false;
  try {
    const names = decodeURIComponent(path);
    return HASHING.some((name) => names.includes(name));
  } catch {
    return true;
  }
}

/**
 * Where such calls wait before the app sees them. Handing hundreds to the app at once would keep the event loop from everything else
 * for as long as it takes to begin them all, long before the first password is hashed. Enough are let in to keep the hashes going
 * while others are at the database; each one more comes between others and the event loop.
 */
export function newHashingLine(): HashQueue {
  return new HashQueue({ running: 3 * hashesAtOnce(), waiting: 64, patienceSeconds: 4 });
}
