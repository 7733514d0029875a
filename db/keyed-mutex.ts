import { setTimeout as pause } from "node:timers/promises";
import type { Kysely } from "kysely";
import pTimeout from "p-timeout";
import { DatabaseFault, isDeadlock } from "./faults";
import type { Database } from "./schema";

// Together with the lock wait of the statement that follows, less than five seconds.
const LOCK_TIMEOUT_MILLISECONDS = 1500;
/** On Galera one of the transactions that write a row on several nodes is committed at a time, and all others fail. */
const MAX_DEADLOCK_RETRIES = 8;
const RETRY_PAUSE_MILLISECONDS = 10;

// On globalThis: middleware and routes are separate bundles that share one pool, and must share its mutexes.
const LOCKS = Symbol.for("portcullis.row-locks");
const shared = globalThis as typeof globalThis & {
  [LOCKS]?: WeakMap<Kysely<Database>, Map<string, Promise<unknown>>>;
};
const locksByPool = (shared[LOCKS] ??= new WeakMap());

/** Writes a row that many requests may want at once: one write at a time in this process, repeated after a deadlock. */
export async function writeRow<T>(db: Kysely<Database>, id: string, write: () => Promise<T>): Promise<T> {
  return withKeyedMutex(db, id, () => retryOnDeadlock(write));
}

/**
 * Runs one task per key at a time, in order of arrival. Tasks wait here, before they take a connection: a row that a stuck client
 * has locked then costs this process one connection, not all. Throws MUTEX_TIMEOUT after 1.5 s.
 */
export async function withKeyedMutex<T>(db: Kysely<Database>, key: string, task: () => Promise<T>): Promise<T> {
  const locks = locksByPool.get(db) ?? new Map<string, Promise<unknown>>();
  locksByPool.set(db, locks);
  const previous = locks.get(key);
  let release!: () => void;
  const released = new Promise<void>((resolve) => (release = resolve));
  const last = previous ? previous.then(() => released) : released;
  locks.set(key, last);
  try {
    if (previous) await pTimeout(previous, { milliseconds: LOCK_TIMEOUT_MILLISECONDS, fallback: throwMutexTimeout });
    return await task();
  } finally {
    release();
    if (locks.get(key) === last) locks.delete(key);
  }
}

function throwMutexTimeout(): never {
  throw new DatabaseFault("MUTEX_TIMEOUT", "Another write on the same row took too long.");
}

/** A deadlock rolled the whole transaction back, so it can be repeated. Not to be nested: retries would multiply. */
export async function retryOnDeadlock<T>(write: () => Promise<T>): Promise<T> {
  for (let retry = 0; ; retry++) {
    try {
      return await write();
    } catch (error) {
      if (retry === MAX_DEADLOCK_RETRIES || !isDeadlock(error)) throw error;
      // The first repetition at once; after a random pause the later ones do not meet the same others again.
      await pause(Math.random() * retry * RETRY_PAUSE_MILLISECONDS);
    }
  }
}
