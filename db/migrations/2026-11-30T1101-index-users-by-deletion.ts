import type { Kysely } from "kysely";

/** findDueDeletions. */
export async function up(db: Kysely<unknown>): Promise<void> {
  await db.schema.createIndex("users_deletes_at").on("users").columns(["deletes_at"]).execute();
}
