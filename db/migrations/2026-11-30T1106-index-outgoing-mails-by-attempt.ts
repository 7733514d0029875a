import type { Kysely } from "kysely";

/** The next mails to be sent. */
export async function up(db: Kysely<unknown>): Promise<void> {
  await db.schema
    .createIndex("outgoing_mails_next_attempt_at")
    .on("outgoing_mails")
    .columns(["next_attempt_at"])
    .execute();
}
