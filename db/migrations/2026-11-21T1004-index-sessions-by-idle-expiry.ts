import type { Kysely } from "kysely";

/** For purgeEnded. */
export async function up(db: Kysely<unknown>): Promise<void> {
  await db.schema.createIndex("sessions_idle_expires_at").on("sessions").columns(["idle_expires_at"]).execute();
}
