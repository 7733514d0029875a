import { sql, type Kysely } from "kysely";

/** Authenticator apps (RFC 6238), encrypted. A new secret waits beside the working one until a code proves it. */
export async function up(db: Kysely<unknown>): Promise<void> {
  await db.schema
    .createTable("totp_secrets")
    .addColumn("user_id", sql`char(36) character set ascii collate ascii_bin`, (column) => column.primaryKey())
    .addColumn("secret", sql`varchar(255) character set ascii collate ascii_bin`)
    .addColumn("drift_steps", "smallint", (column) => column.notNull().defaultTo(0))
    .addColumn("last_step", "bigint")
    .addColumn("confirmed_at", "datetime(3)")
    .addColumn("pending_secret", sql`varchar(255) character set ascii collate ascii_bin`)
    .addColumn("pending_since", "datetime(3)")
    .addColumn("created_at", "datetime(3)", (column) => column.notNull())
    .addForeignKeyConstraint("totp_secrets_user", ["user_id"], "users", ["id"], (key) => key.onDelete("cascade"))
    .modifyEnd(sql`engine = InnoDB default character set utf8mb4 collate utf8mb4_bin`)
    .execute();
}
