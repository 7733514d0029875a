import { sql, type Kysely } from "kysely";
import type { Database } from "@/db/schema";

/**
 * Proves that the server takes writes: it may be read-only or full while it answers every read. In a table of its own, so that
 * nothing else that locks one makes an instance look unfit.
 */
export async function writeHeartbeat(db: Kysely<Database>, name: string): Promise<void> {
  const writtenAt = sql<Date>`utc_timestamp(3)`;
  await db.insertInto("heartbeats").values({ name, writtenAt }).onDuplicateKeyUpdate({ writtenAt }).execute();
}
