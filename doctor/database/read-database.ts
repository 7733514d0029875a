import { connect, parseDatabaseUrl } from "@/db/connect";
import { sampleClock, type ClockSample } from "@/doctor/clocks/sample-clock";
import { readAddresses, type AddressesSeen } from "@/doctor/deployment/addresses-seen";
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
    return { facts: { kind: "unreachable", way, code, message }, clock: [], addresses: null };
  } finally {
    await db.destroy();
  }
}

function wayTo(url: string): WayFacts {
  const { socketPath, host = "", port, ssl } = parseDatabaseUrl(url);
  return {
    address: socketPath ?? `${host}:${port}`,
    isLocal: socketPath !== undefined || /^(localhost|127(\.\d+){3}|::1)$/.test(host),
    verifies: !(typeof ssl === "object" && ssl.rejectUnauthorized === false),
  };
}
