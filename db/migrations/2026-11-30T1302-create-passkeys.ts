import { sql, type Kysely } from "kysely";

/** Credentials of WebAuthn, Level 3. An id has at most 1,023 bytes, 1,364 characters in base64url. */
export async function up(db: Kysely<unknown>): Promise<void> {
  await db.schema
    .createTable("passkeys")
    .addColumn("id", sql`char(36) character set ascii collate ascii_bin`, (column) => column.primaryKey())
    .addColumn("user_id", sql`char(36) character set ascii collate ascii_bin`, (column) => column.notNull())
    .addColumn("credential_id", sql`varchar(1364) character set ascii collate ascii_bin`, (column) => column.notNull())
    .addColumn("public_key", sql`varchar(2048) character set ascii collate ascii_bin`, (column) => column.notNull())
    .addColumn("rp_id", "varchar(255)", (column) => column.notNull())
    .addColumn("name", "varchar(100)", (column) => column.notNull())
    .addColumn("transports", sql`varchar(255) character set ascii collate ascii_bin`, (column) => column.notNull())
    .addColumn("aaguid", sql`char(36) character set ascii collate ascii_bin`, (column) => column.notNull())
    .addColumn("signature_counter", sql`int unsigned`, (column) => column.notNull())
    .addColumn("backed_up", sql`tinyint(1)`, (column) => column.notNull())
    .addColumn("created_at", "datetime(3)", (column) => column.notNull())
    .addColumn("last_used_at", "datetime(3)")
    .addUniqueConstraint("passkeys_credential", ["credential_id"])
    .addForeignKeyConstraint("passkeys_user", ["user_id"], "users", ["id"], (key) => key.onDelete("cascade"))
    .modifyEnd(sql`engine = InnoDB default character set utf8mb4 collate utf8mb4_bin`)
    .execute();
}
