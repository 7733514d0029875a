import { sql, type Kysely } from "kysely";

/**
 * When the user last authenticated. Null, in rows of versions before this column, stands for `created_at`: a default of that
 * value would copy the table and block all writes to it meanwhile.
 */
export async function up(db: Kysely<unknown>): Promise<void> {
  await db.schema
    .alterTable("sessions")
    .addColumn("authenticated_at", sql`datetime(3)`)
    .execute();
}
