import { sql, type Kysely, type RawBuilder } from "kysely";
import { findRecordedMigrations } from "@/db/migrate";
import { MIGRATIONS } from "@/db/migrations";
import type { Database } from "@/db/schema";

/** Version, settings, privileges and migrations of the server. */
export interface ServerFacts {
  /** As in `select version()`. */
  version: string;
  /** Session variables of a connection configured like the app's. */
  session: Record<string, string>;
  global: Record<string, string>;
  connectionsNow: number;
  /** Each line of `show grants`. */
  grants: string[];
  isEncrypted: boolean;
  missingMigrations: string[];
  /** Migrations of a newer version of the app. */
  unknownMigrations: string[];
}

const SESSION = [
  "sql_mode",
  "time_zone",
  "transaction_isolation",
  "tx_isolation",
  "character_set_client",
  "character_set_connection",
  "character_set_results",
  "collation_connection",
  "autocommit",
  "innodb_lock_wait_timeout",
  "lock_wait_timeout",
];
const GLOBAL = [
  "max_connections",
  "innodb_flush_log_at_trx_commit",
  "read_only",
  "super_read_only",
  "innodb_read_only",
];

export async function readServer(db: Kysely<Database>): Promise<ServerFacts> {
  const applied = await findRecordedMigrations(db);
  const known = Object.keys(MIGRATIONS).sort();
  return {
    version: (await sql<{ version: string }>`select version() as version`.execute(db)).rows[0]!.version,
    session: await readVariables(db, "session", SESSION),
    global: await readVariables(db, "global", GLOBAL),
    connectionsNow: Number(await readStatus(db, "Threads_connected")),
    grants: (await sql<Record<string, string>>`show grants`.execute(db)).rows.map((row) => Object.values(row)[0] ?? ""),
    isEncrypted: (await readStatus(db, "Ssl_cipher")) !== "",
    missingMigrations: known.filter((name) => !applied.includes(name)),
    unknownMigrations: applied.filter((name) => !known.includes(name)),
  };
}

async function readVariables(db: Kysely<Database>, scope: "session" | "global", names: string[]) {
  return readValues(db, sql`${sql.raw(scope)} variables where variable_name in (${sql.join(names)})`);
}

/** What `show …` returns, by name. */
export async function readValues(db: Kysely<Database>, what: RawBuilder<unknown>): Promise<Record<string, string>> {
  const { rows } = await sql<Record<string, string>>`show ${what}`.execute(db);
  return Object.fromEntries(rows.map((row) => Object.values(row) as [string, string]));
}

async function readStatus(db: Kysely<Database>, name: string): Promise<string> {
  const { rows } = await sql<Record<string, string>>`show session status where variable_name = ${name}`.execute(db);
  return Object.values(rows[0] ?? {})[1] ?? "";
}
