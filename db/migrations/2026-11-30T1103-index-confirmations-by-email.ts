import type { Kysely } from "kysely";

/** The open confirmations that a typed code may belong to. */
export async function up(db: Kysely<unknown>): Promise<void> {
  await db.schema.createIndex("confirmations_email").on("confirmations").columns(["email"]).execute();
}
