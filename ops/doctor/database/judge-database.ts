import { counted, problem, warning, type Finding, type Group } from "@/ops/doctor/finding";
import { judgeGlobals, judgeGrants, judgeMigrations, judgeSession, judgeVersion, nameOf } from "./judge-server";
import { judgeSchema } from "./judge-schema";
import type { SchemaFacts } from "./schema-facts";
import type { ServerFacts } from "./server-facts";

/** How the app reaches the database, from DATABASE_URL alone. */
export interface ConnectionFacts {
  /** Without name and password. */
  address: string;
  /** A socket or a loopback address: nobody listens in. */
  isLocal: boolean;
  /** Whether the certificate of whoever answers is looked at. */
  verifies: boolean;
}

export type DatabaseFacts = { connection: ConnectionFacts } & (
  { kind: "unreachable"; code: string; message: string } | { kind: "reached"; server: ServerFacts; schema: SchemaFacts }
);

/** `isProduction` is false for the private server of `npm start`, whose only user is the person who started it. */
export function judgeDatabase(facts: DatabaseFacts, isProduction: boolean): Group {
  const title = "Database";
  if (facts.kind === "unreachable")
    return { title, healthy: "", findings: [judgeConnectionError(facts, facts.connection)] };
  const { server, schema, connection } = facts;
  const unmigrated = judgeMigrations(server);
  const findings = [
    ...judgeVersion(server),
    ...unmigrated,
    ...(server.missingMigrations.length > 0 ? [] : judgeSchema(schema)),
    ...judgeSession(server),
    ...judgeGlobals(server),
    ...(isProduction || !connection.isLocal ? judgeGrants(server) : []),
    ...judgeEncryption(connection, server),
  ];
  const tables = counted(Object.keys(schema.engines).length, "table");
  return {
    title,
    healthy: `${nameOf(server.version)}; ${tables} as the migrations made them; every commit is kept`,
    findings,
  };
}

function judgeEncryption({ isLocal, verifies }: ConnectionFacts, { isEncrypted }: ServerFacts): Finding[] {
  if (isLocal) return [];
  if (!isEncrypted)
    return [
      warning(
        "database-in-clear",
        "The connection to the database is not encrypted: whoever is on that network reads the password hashes that pass.",
        "Add ?ssl=true to DATABASE_URL, unless the network between is private to the two",
      ),
    ];
  if (verifies) return [];
  return [
    warning(
      "database-unverified",
      "The connection to the database is encrypted, but nobody looks whose certificate it is.",
      'Leave "rejectUnauthorized": false out of DATABASE_URL, and name the authority: ?ssl={"ca":"…"}',
    ),
  ];
}

function judgeConnectionError(
  { code, message }: { code: string; message: string },
  { address }: ConnectionFacts,
): Finding {
  const told = (says: string, todo: string) => problem("database-unreachable", says, todo);
  switch (code) {
    case "UNREADABLE_URL":
      return told(
        `${message}.`,
        "Set it to mysql://user:password@host:3306/database, with ?ssl= or ?socketPath= at the most",
      );
    case "ECONNREFUSED":
    case "ENOENT":
      return told(
        `Nothing listens at ${address}.`,
        "Start the database (npm start does, where it is its own); its log says why it stopped",
      );
    case "ENOTFOUND":
    case "EAI_AGAIN":
      return told(`Nobody knows the name in ${address}.`, "Correct the host in DATABASE_URL, or mend the name server");
    case "ETIMEDOUT":
    case "ACQUIRE_TIMEOUT":
    case "EHOSTUNREACH":
      return told(
        `${address} does not answer in time.`,
        "Is the machine up? Does a firewall let this one through? Is the disk full?",
      );
    case "ER_ACCESS_DENIED_ERROR":
    case "ER_DBACCESS_DENIED_ERROR":
      return told(
        `${address} refuses us: ${message}.`,
        "Correct name and password in DATABASE_URL, or create the account",
      );
    case "ER_BAD_DB_ERROR":
      return told(
        `${address} has no such database: ${message}.`,
        "create database portcullis character set utf8mb4 collate utf8mb4_bin;",
      );
    case "ER_CON_COUNT_ERROR":
      return told(`${address} has no connection left.`, "show processlist; tells who has them. Raise max_connections");
    case "HANDSHAKE_SSL_ERROR":
    case "HANDSHAKE_NO_SSL_SUPPORT":
      return told(
        `${address} and we find no common encryption: ${message}.`,
        "Give the server a certificate, or correct ssl in DATABASE_URL",
      );
    default:
      return told(`${address} cannot be examined: ${message} (${code}).`, "The server's own log says more");
  }
}
