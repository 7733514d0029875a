import { describe, expect, test } from "vitest";
import { idsOf } from "@/ops/doctor/testing";
import { judgeDatabase, type ConnectionFacts } from "./judge-database";
import { judgeSchema } from "./judge-schema";
import { EXPECTED_SCHEMA } from "./expected-schema";
import type { ServerFacts } from "./server-facts";

const SERVER: ServerFacts = {
  version: "11.8.8-MariaDB-log",
  session: {
    sql_mode: "STRICT_ALL_TABLES,ERROR_FOR_DIVISION_BY_ZERO,NO_ENGINE_SUBSTITUTION",
    time_zone: "+00:00",
    transaction_isolation: "READ-COMMITTED",
    character_set_client: "utf8mb4",
    character_set_connection: "utf8mb4",
    character_set_results: "utf8mb4",
    collation_connection: "utf8mb4_bin",
    autocommit: "ON",
    innodb_lock_wait_timeout: "2",
  },
  global: { max_connections: "151", innodb_flush_log_at_trx_commit: "1", read_only: "OFF" },
  connectionsNow: 12,
  grants: ["GRANT USAGE ON *.* TO `app`@`%`", "GRANT ALL PRIVILEGES ON `portcullis`.* TO `app`@`%`"],
  isEncrypted: true,
  missingMigrations: [],
  unknownMigrations: [],
};
const CONNECTION: ConnectionFacts = { address: "db:3306", isLocal: false, verifies: true };

function judge(server: Partial<ServerFacts> = {}, connection: Partial<ConnectionFacts> = {}, isProduction = true) {
  const facts = {
    kind: "reached" as const,
    connection: { ...CONNECTION, ...connection },
    server: { ...SERVER, ...server },
    schema: EXPECTED_SCHEMA,
  };
  return judgeDatabase(facts, isProduction);
}

test("database: a correct server is healthy", () => {
  expect(idsOf(judge())).toEqual([]);
});

test.each([
  ["8.0.44", ["✗ server-too-old"]],
  ["8.4.7", ["! server-vulnerable"]],
  ["8.4.8", []],
  ["9.5.0", ["! server-vulnerable"]],
  ["9.7.0", []],
  ["10.6.30-MariaDB", ["✗ server-too-old"]],
  ["10.11.16-MariaDB-ubu2404", ["! server-vulnerable"]],
  ["10.11.19-MariaDB-0+deb12u1", []],
  ["11.4.10-MariaDB", ["! server-vulnerable"]],
  ["12.0.2-MariaDB", []],
])("database version %s: %j", (version, ids) => {
  expect(idsOf(judge({ version }))).toEqual(ids);
});

describe("server settings", () => {
  test.each<[Record<string, string>, string[]]>([
    [{ innodb_flush_log_at_trx_commit: "2" }, ["✗ commits-can-be-lost"]],
    [{ innodb_flush_log_at_trx_commit: "0" }, ["✗ commits-can-be-lost"]],
    [{ read_only: "ON" }, ["✗ read-only"]],
    [{ super_read_only: "ON" }, ["✗ read-only"]],
    [{ innodb_read_only: "ON" }, ["✗ read-only"]],
    [{ max_connections: "23" }, ["! few-connections"]],
    [{ max_connections: "24" }, []],
    [{ max_connections: "13" }, ["✗ connections-used-up"]],
  ])("%j: %j", (changes, ids) => {
    expect(idsOf(judge({ global: { ...SERVER.global, ...changes } }))).toEqual(ids);
  });

  test("non-durable commits are reported with the effect on logouts", () => {
    const { findings } = judge({ global: { ...SERVER.global, innodb_flush_log_at_trx_commit: "2" } });
    expect(findings[0]?.says).toMatch(/ended or revoked becomes valid again/);
  });
});

describe("account privileges", () => {
  test.each([
    ["GRANT ALL PRIVILEGES ON *.* TO `root`@`%` WITH GRANT OPTION", "GRANT OPTION, ALL PRIVILEGES"],
    ["GRANT SELECT, SUPER ON *.* TO `app`@`%`", "SUPER"],
    ["GRANT FILE ON *.* TO `app`@`%`", "FILE"],
    ["GRANT ALL PRIVILEGES ON `portcullis`.* TO `app`@`%` WITH GRANT OPTION", "GRANT OPTION"],
  ])("%s is reported", (grant, named) => {
    const group = judge({ grants: [grant] });
    expect(idsOf(group)).toEqual(["! too-many-privileges"]);
    expect(group.findings[0]?.says).toContain(named);
  });

  test.each([
    "GRANT PROXY ON ''@'%' TO 'app'@'%' WITH GRANT OPTION",
    "GRANT SELECT, INSERT ON `portcullis`.* TO `app`@`%`",
  ])("%s is not reported", (grant) => {
    expect(idsOf(judge({ grants: [grant] }))).toEqual([]);
  });

  test("privileges are not reported on the private server", () => {
    const grants = ["GRANT ALL PRIVILEGES ON *.* TO `root`@`localhost` WITH GRANT OPTION"];
    expect(idsOf(judge({ grants }, { isLocal: true }, false))).toEqual([]);
    expect(idsOf(judge({ grants }, { isLocal: true }, true))).toEqual(["! too-many-privileges"]);
  });
});

describe("connection", () => {
  test.each<[string, boolean, Partial<ConnectionFacts>, string[]]>([
    ["unencrypted over a network", false, {}, ["! database-in-clear"]],
    ["encrypted without verification", true, { verifies: false }, ["! database-unverified"]],
    ["unencrypted on loopback", false, { isLocal: true }, []],
  ])("%s", (_, isEncrypted, connection, ids) => {
    expect(idsOf(judge({ isEncrypted }, connection))).toEqual(ids);
  });

  test.each([
    ["ECONNREFUSED", /Nothing listens/],
    ["ENOENT", /Nothing listens/],
    ["ENOTFOUND", /cannot be resolved/],
    ["ETIMEDOUT", /timed out/],
    ["ACQUIRE_TIMEOUT", /timed out/],
    ["ER_ACCESS_DENIED_ERROR", /denies access/],
    ["ER_BAD_DB_ERROR", /no such database/],
    ["ER_CON_COUNT_ERROR", /no connection left/],
    ["HANDSHAKE_NO_SSL_SUPPORT", /TLS negotiation/],
    ["ER_WHATEVER", /cannot be examined/],
  ])("connection error %s is explained: %s", (code, says) => {
    const group = judgeDatabase(
      { kind: "unreachable", connection: CONNECTION, code, message: "as the driver says" },
      true,
    );
    expect(idsOf(group)).toEqual(["✗ database-unreachable"]);
    expect(group.findings[0]?.says).toMatch(says);
  });
});

test("missing migrations are one finding, whatever else differs", () => {
  const server = { ...SERVER, missingMigrations: ["2026-11-21T1000-create-users"] };
  const schema = { columns: {}, indexes: {}, foreignKeys: {}, engines: {} };
  expect(idsOf(judgeDatabase({ kind: "reached", connection: CONNECTION, server, schema }, true))).toEqual([
    "✗ not-migrated",
  ]);
});

describe("tables", () => {
  const without = (table: string, lines: Record<string, string>) =>
    Object.fromEntries(Object.entries(lines).filter(([name]) => name.split(".")[0] !== table));

  test("a missing table is one finding, without its columns and indexes", () => {
    const { columns, indexes, foreignKeys, engines } = EXPECTED_SCHEMA;
    const found = {
      columns: without("sessions", columns),
      indexes: without("sessions", indexes),
      foreignKeys: without("sessions", foreignKeys),
      engines: without("sessions", engines),
    };
    expect(idsOf(judgeSchema(found))).toEqual(["✗ table-missing"]);
  });

  test("a table without transactions is a problem; an additional column is not", () => {
    const engines = { ...EXPECTED_SCHEMA.engines, sessions: "MyISAM" };
    expect(idsOf(judgeSchema({ ...EXPECTED_SCHEMA, engines }))).toEqual(["✗ table-engine"]);
    const columns = { ...EXPECTED_SCHEMA.columns, "users.nickname": "varchar(9) utf8mb4_general_ci" };
    expect(idsOf(judgeSchema({ ...EXPECTED_SCHEMA, columns }))).toEqual([]);
  });
});
