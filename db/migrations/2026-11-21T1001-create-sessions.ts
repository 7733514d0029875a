import { sql, type Kysely } from "kysely";

export async function up(db: Kysely<unknown>): Promise<void> {
  await db.schema
    .createTable("sessions")
    .addColumn("id", sql`char(36) character set ascii collate ascii_bin`, (column) => column.primaryKey())
    .addColumn("user_id", sql`char(36) character set ascii collate ascii_bin`, (column) => column.notNull())
    .addColumn("remember", sql`tinyint(1)`, (column) => column.notNull())
    .addColumn("generation", sql`int unsigned`, (column) => column.notNull())
    .addColumn("current_nonce", sql`char(22) character set ascii collate ascii_bin`, (column) => column.notNull())
    .addColumn("previous_nonce", sql`char(22) character set ascii collate ascii_bin`)
    .addColumn("rotated_at", "datetime(3)", (column) => column.notNull())
    .addColumn("handed_at", "datetime(3)", (column) => column.notNull())
    .addColumn("created_at", "datetime(3)", (column) => column.notNull())
    .addColumn("last_seen_at", "datetime(3)", (column) => column.notNull())
    .addColumn("idle_expires_at", "datetime(3)", (column) => column.notNull())
    .addColumn("absolute_expires_at", "datetime(3)", (column) => column.notNull())
    .addColumn("ip", sql`varchar(45) character set ascii collate ascii_bin`, (column) => column.notNull())
    .addColumn("user_agent", "varchar(512)", (column) => column.notNull())
    .addColumn("browser", "varchar(64)", (column) => column.notNull())
    .addColumn("os", "varchar(64)", (column) => column.notNull())
    .addColumn("device_type", "varchar(16)", (column) => column.notNull())
    .addColumn("recovered_at", "datetime(3)")
    .addColumn("recoveries", sql`int unsigned`, (column) => column.notNull().defaultTo(0))
    .addColumn("revoked_at", "datetime(3)")
    .addColumn("revoked_reason", sql`varchar(32) character set ascii collate ascii_bin`)
    .addForeignKeyConstraint("sessions_user", ["user_id"], "users", ["id"], (key) => key.onDelete("cascade"))
    .modifyEnd(sql`engine = InnoDB default character set utf8mb4 collate utf8mb4_bin`)
    .execute();
}
