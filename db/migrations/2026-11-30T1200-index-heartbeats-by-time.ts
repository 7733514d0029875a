import type { Kysely } from "kysely";

/** For purgeHeartbeats. */
export async function up(db: Kysely<unknown>): Promise<void> {
  await db.schema.createIndex("heartbeats_written_at").on("heartbeats").columns(["written_at"]).execute();
}
