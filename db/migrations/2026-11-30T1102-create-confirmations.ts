import { sql, type Kysely } from "kysely";

/** Links and codes sent by mail. A row contains neither: both are derived from it with a secret. */
export async function up(db: Kysely<unknown>): Promise<void> {
  await db.schema
    .createTable("confirmations")
    .addColumn("id", sql`char(36) character set ascii collate ascii_bin`, (column) => column.primaryKey())
    .addColumn("user_id", sql`char(36) character set ascii collate ascii_bin`, (column) => column.notNull())
    .addColumn("purpose", sql`varchar(20) character set ascii collate ascii_bin`, (column) => column.notNull())
    .addColumn("email", "varchar(254)", (column) => column.notNull())
    .addColumn("salt", sql`char(22) character set ascii collate ascii_bin`, (column) => column.notNull())
    .addColumn("asked_by_session_id", sql`char(36) character set ascii collate ascii_bin`)
    .addColumn("code_tries", sql`int unsigned`, (column) => column.notNull().defaultTo(0))
    .addColumn("created_at", "datetime(3)", (column) => column.notNull())
    .addColumn("expires_at", "datetime(3)", (column) => column.notNull())
    .addColumn("used_at", "datetime(3)")
    .addColumn("superseded_at", "datetime(3)")
    .addForeignKeyConstraint("confirmations_user", ["user_id"], "users", ["id"], (key) => key.onDelete("cascade"))
    .modifyEnd(sql`engine = InnoDB default character set utf8mb4 collate utf8mb4_bin`)
    .execute();
}
