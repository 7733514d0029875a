import type { Kysely } from "kysely";
import type { Database } from "@/db/schema";

/** What the newest sessions tell about the addresses that the app believes people to have. */
export interface SessionAddresses {
  sessions: number;
  users: number;
  addresses: number;
  /** The one that most of them have. */
  mostCommon: string | null;
}

const NEWEST = 200;

/** Session ids begin with their instant, so that the primary key alone leads to the newest. */
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
