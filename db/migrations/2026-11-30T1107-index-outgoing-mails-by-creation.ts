import type { Kysely } from "kysely";

/** The purge. */
export async function up(db: Kysely<unknown>): Promise<void> {
  await db.schema.createIndex("outgoing_mails_created_at").on("outgoing_mails").columns(["created_at"]).execute();
}
