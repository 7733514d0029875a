import { sql, type Kysely } from "kysely";

/** What a login or a ceremony of WebAuthn has begun and not finished: each is used once, within minutes. */
export async function up(db: Kysely<unknown>): Promise<void> {
  await db.schema
    .createTable("challenges")
    .addColumn("id", sql`char(36) character set ascii collate ascii_bin`, (column) => column.primaryKey())
    .addColumn("ceremony", sql`varchar(20) character set ascii collate ascii_bin`, (column) => column.notNull())
    .addColumn("user_id", sql`char(36) character set ascii collate ascii_bin`)
    .addColumn("bound_to", sql`char(36) character set ascii collate ascii_bin`)
    .addColumn("challenge", sql`char(22) character set ascii collate ascii_bin`)
    .addColumn("created_at", "datetime(3)", (column) => column.notNull())
    .addColumn("expires_at", "datetime(3)", (column) => column.notNull())
    .addColumn("used_at", "datetime(3)")
    .addUniqueConstraint("challenges_challenge", ["challenge"])
    .addForeignKeyConstraint("challenges_user", ["user_id"], "users", ["id"], (key) => key.onDelete("cascade"))
    .modifyEnd(sql`engine = InnoDB default character set utf8mb4 collate utf8mb4_bin`)
    .execute();
}
