import type { Kysely } from "kysely";

/** For purgeExpiredLimits. */
export async function up(db: Kysely<unknown>): Promise<void> {
  await db.schema.createIndex("rate_limits_expires_at").on("rate_limits").columns(["expires_at"]).execute();
}
