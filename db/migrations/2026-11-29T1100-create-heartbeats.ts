import { sql, type Kysely } from "kysely";

export async function up(db: Kysely<unknown>): Promise<void> {
  await db.schema
    .createTable("heartbeats")
    .addColumn("name", sql`varchar(64) character set ascii collate ascii_bin`, (column) => column.primaryKey())
    .addColumn("written_at", "datetime(3)", (column) => column.notNull())
    .modifyEnd(sql`engine = InnoDB default character set utf8mb4 collate utf8mb4_bin`)
    .execute();
}
