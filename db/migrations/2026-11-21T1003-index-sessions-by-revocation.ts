import type { Kysely } from "kysely";

/** For findRevokedSince, and purgeEnded. */
export async function up(db: Kysely<unknown>): Promise<void> {
  await db.schema.createIndex("sessions_revoked_at").on("sessions").columns(["revoked_at"]).execute();
}
