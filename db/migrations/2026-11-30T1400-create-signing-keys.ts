import { sql, type Kysely } from "kysely";

/** The keys that sign bearer tokens. The primary key is their order, so that only one of two instances or commands can add the next one. */
export async function up(db: Kysely<unknown>): Promise<void> {
  await db.schema
    .createTable("signing_keys")
    .addColumn("sequence", "integer", (column) => column.unsigned().primaryKey())
    .addColumn("id", sql`varchar(43) character set ascii collate ascii_bin`, (column) => column.notNull())
    .addColumn("private_key", sql`varchar(1024) character set ascii collate ascii_bin`, (column) => column.notNull())
    .addColumn("created_at", "datetime(3)", (column) => column.notNull())
    .addColumn("signs_from", "datetime(3)", (column) => column.notNull())
    .addColumn("compromised_at", "datetime(3)")
    .addUniqueConstraint("signing_keys_id", ["id"])
    .modifyEnd(sql`engine = InnoDB default character set utf8mb4 collate utf8mb4_bin`)
    .execute();
}
