import { sql, type Kysely } from "kysely";
import { retryOnDeadlock } from "@/db/keyed-mutex";
import type { Database } from "@/db/schema";

/**
 * Tests that the server accepts writes: a read-only or full server still serves reads. In a table of its own, so that a lock on
 * another table does not make the instance report itself unready.
 */
export async function writeHeartbeat(db: Kysely<Database>, name: string): Promise<void> {
  const writtenAt = sql<Date>`utc_timestamp(3)`;
  await retryOnDeadlock(() =>
    db.insertInto("heartbeats").values({ name, writtenAt }).onDuplicateKeyUpdate({ writtenAt }).execute(),
  );
}
