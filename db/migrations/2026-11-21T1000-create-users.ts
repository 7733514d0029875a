import { sql, type Kysely } from "kysely";

/** Binary collations: whether two emails are one is decided by the code that normalises them. */
export async function up(db: Kysely<unknown>): Promise<void> {
  await db.schema
    .createTable("users")
    .addColumn("id", sql`char(36) character set ascii collate ascii_bin`, (column) => column.primaryKey())
    .addColumn("email", "varchar(254)", (column) => column.notNull())
    .addColumn("full_name", "varchar(200)", (column) => column.notNull())
    .addColumn("password_hash", sql`varchar(255) character set ascii collate ascii_bin`, (column) => column.notNull())
    .addColumn("role", sql`varchar(16) character set ascii collate ascii_bin`, (column) =>
      column.notNull().defaultTo("user"),
    )
    .addColumn("session_epoch", sql`int unsigned`, (column) => column.notNull().defaultTo(0))
    .addColumn("disabled_at", "datetime(3)")
    .addColumn("created_at", "datetime(3)", (column) => column.notNull())
    .addColumn("updated_at", "datetime(3)", (column) => column.notNull())
    // findUserForLogin, and one account per email (insertUser).
    .addUniqueConstraint("users_email", ["email"])
    .modifyEnd(sql`engine = InnoDB default character set utf8mb4 collate utf8mb4_bin`)
    .execute();
}
