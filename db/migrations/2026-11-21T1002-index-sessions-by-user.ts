import type { Kysely } from "kysely";

/** For listLiveSessions and revokeAllSessions (both columns), findUserForLogin and the foreign key (the first). */
export async function up(db: Kysely<unknown>): Promise<void> {
  await db.schema
    .createIndex("sessions_user_id_revoked_at")
    .on("sessions")
    .columns(["user_id", "revoked_at"])
    .execute();
}
