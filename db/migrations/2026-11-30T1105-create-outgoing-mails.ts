import { sql, type Kysely } from "kysely";

/**
 * Mails to be sent, written in the transaction of what they report. `next_attempt_at` is null once a mail is sent or given up; a
 * claim moves it into the future, so that one instance sends at a time.
 */
export async function up(db: Kysely<unknown>): Promise<void> {
  await db.schema
    .createTable("outgoing_mails")
    .addColumn("id", sql`char(36) character set ascii collate ascii_bin`, (column) => column.primaryKey())
    // Null where the address may belong to no account: a request is written alike in both cases.
    .addColumn("user_id", sql`char(36) character set ascii collate ascii_bin`)
    .addColumn("confirmation_id", sql`char(36) character set ascii collate ascii_bin`)
    .addColumn("kind", sql`varchar(32) character set ascii collate ascii_bin`, (column) => column.notNull())
    .addColumn("recipient", "varchar(254)", (column) => column.notNull())
    // JSON as text: MariaDB's type of that name is text too, and MySQL would return objects.
    .addColumn("details", "text", (column) => column.notNull())
    .addColumn("created_at", "datetime(3)", (column) => column.notNull())
    .addColumn("next_attempt_at", "datetime(3)")
    .addColumn("attempts", sql`int unsigned`, (column) => column.notNull().defaultTo(0))
    .addColumn("sent_at", "datetime(3)")
    .addColumn("failed_at", "datetime(3)")
    .addColumn("last_error", "varchar(300)")
    .addForeignKeyConstraint("outgoing_mails_user", ["user_id"], "users", ["id"], (key) => key.onDelete("cascade"))
    .addForeignKeyConstraint("outgoing_mails_confirmation", ["confirmation_id"], "confirmations", ["id"], (key) =>
      key.onDelete("cascade"),
    )
    .modifyEnd(sql`engine = InnoDB default character set utf8mb4 collate utf8mb4_bin`)
    .execute();
}
