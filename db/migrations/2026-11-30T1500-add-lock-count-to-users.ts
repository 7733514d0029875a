import { sql, type Kysely } from "kysely";

/** Incremented by each transaction that locks the user's row on a Galera cluster, where a lock holds on one node only. */
export async function up(db: Kysely<unknown>): Promise<void> {
  await db.schema
    .alterTable("users")
    .addColumn("lock_count", sql`int unsigned`, (column) => column.notNull().defaultTo(0))
    .execute();
}
