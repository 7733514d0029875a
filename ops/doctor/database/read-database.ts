import { connect, parseDatabaseUrl } from "@/db/connect";
import { sampleClock, type ClockSample } from "@/ops/doctor/clocks/sample-clock";
import { readAddresses, type AddressesSeen } from "@/ops/doctor/deployment/addresses-seen";
import type { DatabaseFacts, WayFacts } from "./judge-database";
import { readSchema } from "./schema-facts";
import { readServer } from "./server-facts";

export interface DatabaseReading {
  facts: DatabaseFacts;
  clock: ClockSample[];
  addresses: AddressesSeen | null;
}

/** Examines the database over connections like the app's own, and changes nothing. */
export async function readDatabase(url: string): Promise<DatabaseReading> {
  const way = wayTo(url);
  if (typeof way === "string") return unreachable(UNKNOWN_WAY, "UNREADABLE_URL", way);
  const db = connect(url, { poolSize: 4, acquireSeconds: 5 });
  try {
    const [server, schema] = [await readServer(db), await readSchema(db)];
    const isMigrated = server.missingMigrations.length === 0;
    return {
      facts: { kind: "reached", way, server, schema },
      clock: await sampleClock(db),
      addresses: isMigrated ? await readAddresses(db) : null,
    };
  } catch (error) {
    const { code = "unknown", message } = error as NodeJS.ErrnoException;
    return unreachable(way, code, message);
  } finally {
    await db.destroy();
  }
}

const UNKNOWN_WAY: WayFacts = { address: "DATABASE_URL", isLocal: true, verifies: true };

function unreachable(way: WayFacts, code: string, message: string): DatabaseReading {
  return { facts: { kind: "unreachable", way, code, message }, clock: [], addresses: null };
}

/** Why the address cannot be read, where it cannot. A parser's own words might quote a key out of it. */
function wayTo(url: string): WayFacts | string {
  let options: ReturnType<typeof parseDatabaseUrl>;
  try {
    options = parseDatabaseUrl(url);
  } catch (error) {
    const { message } = error as Error;
    return message.startsWith("DATABASE_URL") ? message : "DATABASE_URL cannot be read";
  }
  const { socketPath, host = "", port, ssl } = options;
  return {
    address: socketPath ?? `${host}:${port}`,
    isLocal: socketPath !== undefined || /^(localhost|127(\.\d+){3}|::1)$/.test(host),
    verifies: !(typeof ssl === "object" && ssl.rejectUnauthorized === false),
  };
}
