import { sql, type Kysely } from "kysely";

/** How the user last authenticated: the values of `amr` (RFC 8176), separated by blanks. Null in older rows: by password. */
export async function up(db: Kysely<unknown>): Promise<void> {
  await db.schema
    .alterTable("sessions")
    .addColumn("authentication_methods", sql`varchar(40) character set ascii collate ascii_bin`)
    .execute();
}
