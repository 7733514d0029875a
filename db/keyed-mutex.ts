import type { Kysely } from "kysely";
import { DatabaseFault, isDeadlock } from "./faults";
import type { Database } from "./schema";

// With the lock wait that may follow, nobody waits five seconds.
const WAIT_MILLISECONDS = 1500;
const DEADLOCK_RETRIES = 4;

// Middleware and routes are separate bundles of one process and share one pool: a row costs it one connection, not one for each.
const TURNS = Symbol.for("portcullis.row-turns");
const shared = globalThis as typeof globalThis & {
  [TURNS]?: WeakMap<Kysely<Database>, Map<string, Promise<unknown>>>;
};
const turns = (shared[TURNS] ??= new WeakMap());

/**
 * Runs a write on a row that many may want at once. They queue up here, before taking a connection: a row that a stuck
 * client has locked costs this process one connection, not all. After a deadlock, which undid everything, it runs again.
 */
export async function withKeyedMutex<T>(db: Kysely<Database>, row: string, write: () => Promise<T>): Promise<T> {
  const rows = turns.get(db) ?? new Map<string, Promise<unknown>>();
  turns.set(db, rows);
  const previous = rows.get(row);
  let leave!: () => void;
  const left = new Promise<void>((resolve) => (leave = resolve));
  const last = previous ? previous.then(() => left) : left;
  rows.set(row, last);
  try {
    if (previous) await untilFree(previous);
    return await retryAfterDeadlock(write);
  } finally {
    leave();
    if (rows.get(row) === last) rows.delete(row);
  }
}

function untilFree(previous: Promise<unknown>): Promise<void> {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(
      () => reject(new DatabaseFault("ROW_BUSY", "Too many wait for one row.")),
      WAIT_MILLISECONDS,
    );
    void previous.then(() => {
      clearTimeout(timer);
      resolve();
    });
  });
}

export async function retryAfterDeadlock<T>(write: () => Promise<T>, retries = DEADLOCK_RETRIES): Promise<T> {
  try {
    return await write();
  } catch (error) {
    if (retries === 0 || !isDeadlock(error)) throw error;
    return retryAfterDeadlock(write, retries - 1);
  }
}
