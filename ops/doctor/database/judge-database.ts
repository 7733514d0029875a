import { counted, problem, warning, type Finding, type Group } from "@/ops/doctor/finding";
import { judgeGlobals, judgeGrants, judgeMigrations, judgeSession, judgeVersion, nameOf } from "./judge-server";
import { judgeSchema } from "./judge-schema";
import type { SchemaFacts } from "./schema-facts";
import type { ServerFacts } from "./server-facts";

/** The connection that DATABASE_URL describes. */
export interface ConnectionFacts {
  /** Without user name and password. */
  address: string;
  /** A Unix socket or a loopback address, which needs no encryption. */
  isLocal: boolean;
  /** Whether the server's certificate is verified. */
  verifies: boolean;
}

export type DatabaseFacts = { connection: ConnectionFacts } & (
  { kind: "unreachable"; code: string; message: string } | { kind: "reached"; server: ServerFacts; schema: SchemaFacts }
);

/** `isProduction` is false for the private server of `npm start`, whose only account is root. */
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
    healthy: `${nameOf(server.version)}; ${tables} match the migrations; commits are durable`,
    findings,
  };
}

function judgeEncryption({ isLocal, verifies }: ConnectionFacts, { isEncrypted }: ServerFacts): Finding[] {
  if (isLocal) return [];
  if (!isEncrypted)
    return [
      warning(
        "database-in-clear",
        "The connection to the database is not encrypted: password hashes can be read on the network.",
        "Add ?ssl=true to DATABASE_URL, unless the network is private to app and database",
      ),
    ];
  if (verifies) return [];
  return [
    warning(
      "database-unverified",
      "The connection to the database is encrypted, but the server's certificate is not verified.",
      'Remove "rejectUnauthorized": false from DATABASE_URL, and set the certificate authority: ?ssl={"ca":"…"}',
    ),
  ];
}

function judgeConnectionError(
  { code, message }: { code: string; message: string },
  { address }: ConnectionFacts,
): Finding {
  const unreachable = (says: string, todo: string) => problem("database-unreachable", says, todo);
  switch (code) {
    case "UNREADABLE_URL":
      return unreachable(
        `${message}.`,
        "Set it to mysql://user:password@host:3306/database, optionally with ?ssl= or ?socketPath=",
      );
    case "ECONNREFUSED":
    case "ENOENT":
      return unreachable(
        `Nothing listens at ${address}.`,
        "Start the database (npm start starts the private one); its log shows why it stopped",
      );
    case "ENOTFOUND":
    case "EAI_AGAIN":
      return unreachable(
        `The host name in ${address} cannot be resolved.`,
        "Correct the host in DATABASE_URL, or fix DNS",
      );
    case "ETIMEDOUT":
    case "ACQUIRE_TIMEOUT":
    case "EHOSTUNREACH":
      return unreachable(
        `${address} timed out.`,
        "Check that the machine is running, that the firewall allows the connection, and that the disk is not full",
      );
    case "ER_ACCESS_DENIED_ERROR":
    case "ER_DBACCESS_DENIED_ERROR":
      return unreachable(
        `${address} denies access: ${message}.`,
        "Correct user and password in DATABASE_URL, or create the account",
      );
    case "ER_BAD_DB_ERROR":
      return unreachable(
        `${address} has no such database: ${message}.`,
        "create database portcullis character set utf8mb4 collate utf8mb4_bin;",
      );
    case "ER_CON_COUNT_ERROR":
      return unreachable(
        `${address} has no connection left.`,
        "Find their owners with show processlist; or raise max_connections",
      );
    case "HANDSHAKE_SSL_ERROR":
    case "HANDSHAKE_NO_SSL_SUPPORT":
      return unreachable(
        `TLS negotiation with ${address} failed: ${message}.`,
        "Give the server a certificate, or correct ssl in DATABASE_URL",
      );
    default:
      return unreachable(`${address} cannot be examined: ${message} (${code}).`, "See the server's log");
  }
}
