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

/**
 * Writes the heartbeat of an instance and returns the one that it replaces, or null if there was none. One statement, so that it reads
 * what the server that accepts writes has.
 */
export async function replaceHeartbeat(db: Kysely<Database>, name: string, writtenAt: Date): Promise<Date | null> {
  const { insertId } = await db
    .insertInto("heartbeats")
    .values({ name, writtenAt })
    .onDuplicateKeyUpdate({
      // last_insert_id(n) returns n in the OK packet: the old value in milliseconds.
      writtenAt: sql<Date>`if(last_insert_id(timestampdiff(microsecond, '1970-01-01', written_at) div 1000) > 0,
        values(written_at), written_at)`,
    })
    .executeTakeFirstOrThrow();
  return insertId === undefined ? null : new Date(Number(insertId));
}

/** Deletes the heartbeats of instances that stopped long ago. */
export async function purgeHeartbeats(db: Kysely<Database>, olderThanSeconds: number): Promise<void> {
  const before = sql<Date>`utc_timestamp(3) - interval ${olderThanSeconds} second`;
  await retryOnDeadlock(() => db.deleteFrom("heartbeats").where("writtenAt", "<", before).execute());
}
