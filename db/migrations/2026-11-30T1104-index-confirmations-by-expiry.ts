import type { Kysely } from "kysely";

/** The purge. */
export async function up(db: Kysely<unknown>): Promise<void> {
  await db.schema.createIndex("confirmations_expires_at").on("confirmations").columns(["expires_at"]).execute();
}
