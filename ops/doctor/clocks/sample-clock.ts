import { sql, type Kysely } from "kysely";
import type { Database } from "@/db/schema";

/** A remote time, and the local time before and after the request. All in milliseconds since 1970. */
export interface ClockSample {
  before: number;
  remote: number;
  after: number;
}

const SAMPLES = 8;

/** Uses sysdate(), because now() is constant within a statement. */
export async function sampleClock(db: Kysely<Database>): Promise<ClockSample[]> {
  const samples: ClockSample[] = [];
  await db.connection().execute(async (connection) => {
    for (let at = 0; at < SAMPLES; at++) {
      const before = Date.now();
      const { rows } = await sql<{ seconds: string }>`select unix_timestamp(sysdate(6)) as seconds`.execute(connection);
      samples.push({ before, remote: Number(rows[0]?.seconds) * 1000, after: Date.now() });
    }
  });
  return samples;
}
