import "server-only";
import type { Kysely } from "kysely";
import { connect } from "@/db/connect";
import type { Database } from "@/db/schema";
import { env } from "./env";

// Middleware, routes and the entry are separate bundles of one process: without this each would open a pool of its own.
const DATABASE = Symbol.for("portcullis.database");
const CLOSE_HOOKS = Symbol.for("portcullis.before-database-closes");
const shared = globalThis as typeof globalThis & {
  [DATABASE]?: Kysely<Database>;
  [CLOSE_HOOKS]?: WeakMap<Kysely<Database>, (() => Promise<void>)[]>;
};

/** The process's one pool. Connects when first asked for something. */
export function database(): Kysely<Database> {
  return (shared[DATABASE] ??= connect(env().DATABASE_URL));
}

/** Runs when the pool is about to be closed, whichever bundle closes it. */
export function onDatabaseClose(db: Kysely<Database>, work: () => Promise<void>): void {
  const farewells = (shared[CLOSE_HOOKS] ??= new WeakMap());
  farewells.set(db, [...(farewells.get(db) ?? []), work]);
}

export async function closeDatabase(): Promise<void> {
  const db = shared[DATABASE];
  if (db === undefined) return;
  await Promise.all((shared[CLOSE_HOOKS]?.get(db) ?? []).map((work) => work()));
  await db.destroy();
  delete shared[DATABASE];
}
