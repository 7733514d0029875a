import type { Kysely } from "kysely";
import { connectTo } from "@/db/connect";
import { parseDatabaseUrl, type DatabaseAddress } from "@/db/database-url.mjs";
import { isUnavailable } from "@/db/faults";
import type { Database } from "@/db/schema";
import { countFactors, type FactorCounts } from "@/db/tables/factors";
import { findSigningKeys, type StoredKeys } from "@/db/tables/signing-keys";
import { countMails, type MailCounts } from "@/db/tables/outgoing-mails";
import { offsetOf } from "@/ops/doctor/clocks/judge-clocks";
import { sampleClock, type ClockSample } from "@/ops/doctor/clocks/sample-clock";
import { readSessionAddresses, type SessionAddresses } from "@/ops/doctor/deployment/session-addresses";
import { isWritable, type ExaminedServer } from "./examined-server";
import type { DatabaseFacts, ConnectionFacts } from "./judge-database";
import { readReplication } from "./replication-facts";
import { readSchema } from "./schema-facts";
import { readServer } from "./server-facts";

export interface DatabaseReading {
  facts: DatabaseFacts;
  clock: ClockSample[];
  addresses: SessionAddresses | null;
  mails: MailCounts | null;
  factors: FactorCounts | null;
  keys: StoredKeys | null;
  /** In the order of DATABASE_URL. */
  servers: ExaminedServer[];
}

/** Reads each server over connections configured like the app's, and the database on the one that the app uses. Changes nothing. */
export async function readDatabase(url: string): Promise<DatabaseReading> {
  const addresses = addressesOf(url);
  if (typeof addresses === "string") return unreachable(UNKNOWN_CONNECTION, "UNREADABLE_URL", addresses, []);
  const pools = addresses.map((address) =>
    connectTo([address], { poolSize: 4, acquireSeconds: 5, requiresWritable: false }),
  );
  try {
    const servers = await Promise.all(pools.map((db, index) => examineServer(db, nameOf(addresses[index]!))));
    const used = servers.findIndex((server) => server.kind === "reached" && isWritable(server));
    const index = Math.max(0, used === -1 ? servers.findIndex(({ kind }) => kind === "reached") : used);
    return await readTables(pools[index]!, connectionFactsOf(addresses[index]!), servers);
  } finally {
    await Promise.all(pools.map((db) => db.destroy()));
  }
}

async function examineServer(db: Kysely<Database>, address: string): Promise<ExaminedServer> {
  try {
    const replication = await readReplication(db);
    const clock = await sampleClock(db).catch((error: unknown) => {
      // A Galera node that lags or has no majority does not tell its time.
      if (isUnavailable(error)) return [];
      throw error;
    });
    return { kind: "reached", address, replication, offset: offsetOf(clock) };
  } catch (error) {
    return { kind: "unreachable", address, message: (error as Error).message };
  }
}

async function readTables(
  db: Kysely<Database>,
  connection: ConnectionFacts,
  servers: ExaminedServer[],
): Promise<DatabaseReading> {
  try {
    const [server, schema] = [await readServer(db), await readSchema(db)];
    const isMigrated = server.missingMigrations.length === 0;
    return {
      facts: { kind: "reached", connection, server, schema },
      clock: await sampleClock(db),
      addresses: isMigrated ? await readSessionAddresses(db) : null,
      mails: isMigrated ? await countMails(db) : null,
      factors: isMigrated ? await countFactors(db) : null,
      keys: isMigrated ? await findSigningKeys(db) : null,
      servers,
    };
  } catch (error) {
    const { code = "unknown", message } = error as NodeJS.ErrnoException;
    return unreachable(connection, code, message, servers);
  }
}

const UNKNOWN_CONNECTION: ConnectionFacts = { address: "DATABASE_URL", isLocal: true, verifies: true };

function unreachable(
  connection: ConnectionFacts,
  code: string,
  message: string,
  servers: ExaminedServer[],
): DatabaseReading {
  return {
    facts: { kind: "unreachable", connection, code, message },
    clock: [],
    addresses: null,
    mails: null,
    factors: null,
    keys: null,
    servers,
  };
}

/** The servers, or an error message. The parser's own message might quote a key from the URL. */
function addressesOf(url: string): DatabaseAddress[] | string {
  try {
    return parseDatabaseUrl(url);
  } catch (error) {
    const { message } = error as Error;
    return message.startsWith("DATABASE_URL") ? message : "DATABASE_URL is invalid";
  }
}

function connectionFactsOf(address: DatabaseAddress): ConnectionFacts {
  const { socketPath, host = "", ssl } = address;
  return {
    address: nameOf(address),
    isLocal: socketPath !== undefined || /^(localhost|127(\.\d+){3}|::1)$/.test(host),
    verifies: !(typeof ssl === "object" && ssl.rejectUnauthorized === false),
  };
}

function nameOf({ socketPath, host, port }: DatabaseAddress): string {
  return socketPath ?? `${host}:${port}`;
}
