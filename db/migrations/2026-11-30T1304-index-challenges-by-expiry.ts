import type { Kysely } from "kysely";

/** The purge. */
export async function up(db: Kysely<unknown>): Promise<void> {
  await db.schema.createIndex("challenges_expires_at").on("challenges").columns(["expires_at"]).execute();
}
