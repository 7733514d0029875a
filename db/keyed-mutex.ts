import type { Kysely } from "kysely";
import { DatabaseFault, isDeadlock } from "./faults";
import type { Database } from "./schema";

// With the lock wait that may follow, nobody waits five seconds.
const LOCK_TIMEOUT_MILLISECONDS = 1500;
const DEADLOCK_RETRIES = 4;

// Middleware and routes are separate bundles of one process and share one pool: a row costs it one connection, not one for each.
const LOCKS = Symbol.for("portcullis.row-locks");
const shared = globalThis as typeof globalThis & {
  [LOCKS]?: WeakMap<Kysely<Database>, Map<string, Promise<unknown>>>;
};
const locksByPool = (shared[LOCKS] ??= new WeakMap());

/**
 * Runs a write on a row that many may want at once. They queue up here, before taking a connection: a row that a stuck
 * client has locked costs this process one connection, not all. After a deadlock, which undid everything, it runs again.
 */
export async function withKeyedMutex<T>(db: Kysely<Database>, key: string, write: () => Promise<T>): Promise<T> {
  const locks = locksByPool.get(db) ?? new Map<string, Promise<unknown>>();
  locksByPool.set(db, locks);
  const previous = locks.get(key);
  let release!: () => void;
  const released = new Promise<void>((resolve) => (release = resolve));
  const last = previous ? previous.then(() => released) : released;
  locks.set(key, last);
  try {
    if (previous) await waitForLock(previous);
    return await retryOnDeadlock(write);
  } finally {
    release();
    if (locks.get(key) === last) locks.delete(key);
  }
}

function waitForLock(previous: Promise<unknown>): Promise<void> {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(
      () => reject(new DatabaseFault("MUTEX_TIMEOUT", "Too many wait for one row.")),
      LOCK_TIMEOUT_MILLISECONDS,
    );
    void previous.then(() => {
      clearTimeout(timer);
      resolve();
    });
  });
}

export async function retryOnDeadlock<T>(write: () => Promise<T>, retries = DEADLOCK_RETRIES): Promise<T> {
  try {
    return await write();
  } catch (error) {
    if (retries === 0 || !isDeadlock(error)) throw error;
    return retryOnDeadlock(write, retries - 1);
  }
}
