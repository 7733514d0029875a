import { connect } from "@/db/connect";
import { countMails, type MailCounts } from "@/db/tables/outgoing-mails";
import { parseDatabaseUrl } from "@/db/database-url.mjs";
import { sampleClock, type ClockSample } from "@/ops/doctor/clocks/sample-clock";
import { readSessionAddresses, type SessionAddresses } from "@/ops/doctor/deployment/session-addresses";
import type { DatabaseFacts, ConnectionFacts } from "./judge-database";
import { readSchema } from "./schema-facts";
import { readServer } from "./server-facts";

export interface DatabaseReading {
  facts: DatabaseFacts;
  clock: ClockSample[];
  addresses: SessionAddresses | null;
  mails: MailCounts | null;
}

/** Reads the database over connections configured like the app's. Changes nothing. */
export async function readDatabase(url: string): Promise<DatabaseReading> {
  const connection = connectionFactsOf(url);
  if (typeof connection === "string") return unreachable(UNKNOWN_CONNECTION, "UNREADABLE_URL", connection);
  const db = connect(url, { poolSize: 4, acquireSeconds: 5 });
  try {
    const [server, schema] = [await readServer(db), await readSchema(db)];
    const isMigrated = server.missingMigrations.length === 0;
    return {
      facts: { kind: "reached", connection, server, schema },
      clock: await sampleClock(db),
      addresses: isMigrated ? await readSessionAddresses(db) : null,
      mails: isMigrated ? await countMails(db) : null,
    };
  } catch (error) {
    const { code = "unknown", message } = error as NodeJS.ErrnoException;
    return unreachable(connection, code, message);
  } finally {
    await db.destroy();
  }
}

const UNKNOWN_CONNECTION: ConnectionFacts = { address: "DATABASE_URL", isLocal: true, verifies: true };

function unreachable(connection: ConnectionFacts, code: string, message: string): DatabaseReading {
  return { facts: { kind: "unreachable", connection, code, message }, clock: [], addresses: null, mails: null };
}

/** The connection, or an error message. The parser's own message might quote a key from the URL. */
function connectionFactsOf(url: string): ConnectionFacts | string {
  let options: ReturnType<typeof parseDatabaseUrl>;
  try {
    options = parseDatabaseUrl(url);
  } catch (error) {
    const { message } = error as Error;
    return message.startsWith("DATABASE_URL") ? message : "DATABASE_URL is invalid";
  }
  const { socketPath, host = "", port, ssl } = options;
  return {
    address: socketPath ?? `${host}:${port}`,
    isLocal: socketPath !== undefined || /^(localhost|127(\.\d+){3}|::1)$/.test(host),
    verifies: !(typeof ssl === "object" && ssl.rejectUnauthorized === false),
  };
}
