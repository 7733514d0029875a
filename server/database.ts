import "server-only";
import type { Kysely } from "kysely";
import { connect } from "@/db/connect";
import type { Database } from "@/db/schema";
import { env } from "./env";

// Middleware, routes and the entry are separate bundles of one process: without this each would open a pool of its own.
const DATABASE = Symbol.for("portcullis.database");
const shared = globalThis as typeof globalThis & { [DATABASE]?: Kysely<Database> };

/** The process's one pool. Connects when first asked for something. */
export function database(): Kysely<Database> {
  return (shared[DATABASE] ??= connect(env().DATABASE_URL));
}

export async function closeDatabase(): Promise<void> {
  await shared[DATABASE]?.destroy();
  delete shared[DATABASE];
}
