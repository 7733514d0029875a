import { sql, type Kysely } from "kysely";

/** Codes that replace the second factor, once each. Only their hashes are stored. */
export async function up(db: Kysely<unknown>): Promise<void> {
  await db.schema
    .createTable("recovery_codes")
    .addColumn("user_id", sql`char(36) character set ascii collate ascii_bin`, (column) => column.notNull())
    .addColumn("number", sql`tinyint unsigned`, (column) => column.notNull())
    .addColumn("code_hash", sql`varchar(255) character set ascii collate ascii_bin`, (column) => column.notNull())
    .addColumn("created_at", "datetime(3)", (column) => column.notNull())
    .addColumn("used_at", "datetime(3)")
    .addPrimaryKeyConstraint("recovery_codes_primary", ["user_id", "number"])
    .addForeignKeyConstraint("recovery_codes_user", ["user_id"], "users", ["id"], (key) => key.onDelete("cascade"))
    .modifyEnd(sql`engine = InnoDB default character set utf8mb4 collate utf8mb4_bin`)
    .execute();
}
