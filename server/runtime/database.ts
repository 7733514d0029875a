import "server-only";
import type { Kysely } from "kysely";
import { connect } from "@/db/connect";
import type { Database } from "@/db/schema";
import { env } from "./env";

// Middleware, routes and the entry are separate bundles of one process; without this each would open its own pool.
const DATABASE = Symbol.for("portcullis.database");
const CLOSE_HOOKS = Symbol.for("portcullis.database-close-hooks");
const shared = globalThis as typeof globalThis & {
  [DATABASE]?: Kysely<Database>;
  [CLOSE_HOOKS]?: WeakMap<Kysely<Database>, (() => Promise<void>)[]>;
};

/** The connection pool of the process. Connects at the first query. */
export function database(): Kysely<Database> {
  return (shared[DATABASE] ??= connect(env().DATABASE_URL));
}

/** Registers a hook that runs before the pool is closed, by whichever bundle. */
export function onDatabaseClose(db: Kysely<Database>, hook: () => Promise<void>): void {
  const hooks = (shared[CLOSE_HOOKS] ??= new WeakMap());
  hooks.set(db, [...(hooks.get(db) ?? []), hook]);
}

export async function closeDatabase(): Promise<void> {
  const db = shared[DATABASE];
  if (db === undefined) return;
  await Promise.all((shared[CLOSE_HOOKS]?.get(db) ?? []).map((hook) => hook()));
  await db.destroy();
  delete shared[DATABASE];
}
