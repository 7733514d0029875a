import type { Kysely } from "kysely";
import type { Database } from "@/db/schema";

/** Client addresses that the app recorded for the newest sessions. */
export interface SessionAddresses {
  sessions: number;
  users: number;
  addresses: number;
  /** The most frequent address. */
  mostCommon: string | null;
}

const NEWEST = 200;

/** Session ids are UUIDv7, so the primary key orders them by time. */
export async function readSessionAddresses(db: Kysely<Database>): Promise<SessionAddresses> {
  const rows = await db.selectFrom("sessions").select(["userId", "ip"]).orderBy("id", "desc").limit(NEWEST).execute();
  const times = new Map<string, number>();
  for (const { ip } of rows) times.set(ip, (times.get(ip) ?? 0) + 1);
  const [mostCommon = null] = [...times.keys()].sort((a, b) => (times.get(b) ?? 0) - (times.get(a) ?? 0));
  return {
    sessions: rows.length,
    users: new Set(rows.map(({ userId }) => userId)).size,
    addresses: times.size,
    mostCommon,
  };
}
