import { sql, type Kysely } from "kysely";

/** The time of each hit. Empty in rows of the fixed windows from before: they count until `expires_at`. */
export async function up(db: Kysely<unknown>): Promise<void> {
  await db.schema
    .alterTable("rate_limits")
    .addColumn("recent", sql`varchar(210) character set ascii collate ascii_bin`, (column) =>
      column.notNull().defaultTo(""),
    )
    .execute();
}
