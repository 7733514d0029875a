import { sql, type Kysely } from "kysely";

/** One statement: null means that the email is unverified, no device was forgotten and no deletion was requested. */
export async function up(db: Kysely<unknown>): Promise<void> {
  await db.schema
    .alterTable("users")
    .addColumn("email_verified_at", sql`datetime(3)`)
    // A device that was last seen before this instant no longer counts as known.
    .addColumn("devices_forgotten_at", sql`datetime(3)`)
    .addColumn("deletes_at", sql`datetime(3)`)
    .execute();
}
