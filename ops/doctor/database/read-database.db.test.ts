import { randomUUID } from "node:crypto";
import { join } from "node:path";
import { sql, type Kysely } from "kysely";
import { createConnection } from "mysql2/promise";
import { describe, expect, onTestFinished, test } from "vitest";
import { connect } from "@/db/connect";
import { parseDatabaseUrl } from "@/db/database-url.mjs";
import type { Database } from "@/db/schema";
import { createEmptyDatabase, createTestDatabase, existingSession, existingUser, useTestDatabase } from "@/db/testing";
import { FaultProxy } from "@/db/testing-fault-proxy";
import { provideServer } from "@/scripts/mysql/provide.mjs";
import { DATA } from "@/scripts/paths.mjs";
import { judgeClocks, offsetOf } from "@/ops/doctor/clocks/judge-clocks";
import { idsOf } from "@/ops/doctor/testing";
import { judgeDatabase } from "./judge-database";
import { judgeReplication } from "./judge-replication";
import { judgeMigrations, judgeSession } from "./judge-server";
import { judgeSchema } from "./judge-schema";
import { EXPECTED_SCHEMA } from "./expected-schema";
import { readDatabase } from "./read-database";
import { readSchema } from "./schema-facts";
import { readServer } from "./server-facts";

const healthy = useTestDatabase();

test("read database: a migrated database is healthy and has the local time", async () => {
  await existingSession(healthy.db);
  const { facts, clock, addresses } = await readDatabase(healthy.url);
  expect(idsOf(judgeDatabase(facts, false))).toEqual([]);
  expect(idsOf(judgeClocks({ database: offsetOf(clock), deployment: null, graceSeconds: 30 }))).toEqual([]);
  expect(addresses).toMatchObject({ sessions: 1, users: 1, addresses: 1, mostCommon: "192.0.2.7" });
});

test("read database: EXPECTED_SCHEMA equals the migrated schema", async () => {
  expect(await readSchema(healthy.db)).toEqual(EXPECTED_SCHEMA);
});

test("read database: counts the addresses of the newest sessions", async () => {
  const { db, url } = await createTestDatabase();
  const user = await existingUser(db);
  for (const ip of ["198.51.100.1", "198.51.100.2", "198.51.100.2"]) await existingSession(db, { userId: user.id, ip });
  const { addresses } = await readDatabase(url);
  expect(addresses).toEqual({ sessions: 3, users: 1, addresses: 2, mostCommon: "198.51.100.2" });
});

test("read database: detects changed session variables", async () => {
  const undone: [statement: string, id: string][] = [
    ["set session transaction isolation level repeatable read", "✗ connection-transaction-isolation"],
    ["set sql_mode = 'NO_BACKSLASH_ESCAPES'", "✗ connection-sql-mode"],
    ["set time_zone = '+02:00'", "✗ connection-time-zone"],
    ["set names latin1", "✗ connection-character-set-client"],
    ["set collation_connection = utf8mb4_general_ci", "✗ connection-collation-connection"],
    ["set innodb_lock_wait_timeout = 50", "✗ connection-innodb-lock-wait-timeout"],
    ["set autocommit = 0", "✗ connection-autocommit"],
  ];
  for (const [statement, id] of undone) {
    const db = connect(healthy.url, { poolSize: 1 });
    expect(idsOf(judgeSession(await readServer(db)))).toEqual([]);
    await sql.raw(statement).execute(db);
    expect(idsOf(judgeSession(await readServer(db))), statement).toContain(id);
    await db.destroy();
  }
});

describe("manual schema changes", () => {
  const altered = useTestDatabase();

  const cases: [what: string, change: string[], id: string][] = [
    [
      "emails compared without accents and case",
      ["alter table users modify email varchar(254) character set utf8mb4 collate utf8mb4_general_ci not null"],
      "✗ collation-changed",
    ],
    [
      "nonces compared without case",
      ["alter table sessions modify current_nonce char(22) character set ascii collate ascii_general_ci not null"],
      "✗ collation-changed",
    ],
    ["timestamps in whole seconds", ["alter table sessions modify rotated_at datetime not null"], "✗ column-changed"],
    ["a dropped column", ["alter table sessions drop column recoveries"], "✗ column-missing"],
    ["a dropped index", ["alter table sessions drop index sessions_revoked_at"], "✗ index-missing"],
    [
      "an index over fewer columns",
      [
        "create index stand_in on sessions (user_id)",
        "alter table sessions drop index sessions_user_id_revoked_at",
        "create index sessions_user_id_revoked_at on sessions (user_id)",
      ],
      "✗ index-missing",
    ],
    [
      "a unique index that is not unique",
      ["alter table users drop index users_email", "create index users_email on users (email)"],
      "✗ index-missing",
    ],
    ["a dropped foreign key", ["alter table sessions drop foreign key sessions_user"], "! foreign-key-changed"],
    ["a dropped table", ["drop table rate_limits"], "✗ table-missing"],
  ];

  test("each change adds one finding", async () => {
    let known: string[] = [];
    for (const [what, statements, id] of cases) {
      for (const statement of statements) await sql.raw(statement).execute(altered.db);
      const ids = await changesOf(altered.db);
      expect(ids.filter((one) => one === id).length, what).toBe(known.filter((one) => one === id).length + 1);
      known = ids;
    }
  });

  test("applying the remedies makes the schema healthy again", async () => {
    const { db } = await createTestDatabase();
    for (const statement of [
      "alter table users modify email varchar(254) character set utf8mb4 collate utf8mb4_general_ci not null",
      "alter table sessions modify previous_nonce char(22) character set ascii collate ascii_general_ci null",
      "alter table sessions drop index sessions_revoked_at",
      "alter table sessions drop foreign key sessions_user",
      "alter table users drop index users_email",
      "alter table outgoing_mails drop foreign key outgoing_mails_confirmation",
    ]) {
      await sql.raw(statement).execute(db);
    }
    const findings = judgeSchema(await readSchema(db));
    expect(findings).toHaveLength(6);
    for (const { todo } of findings) await sql.raw(todo.replace(/;$/, "")).execute(db);
    expect(await changesOf(db)).toEqual([]);
  });
});

test("read database: an empty database reports only the missing migrations", async () => {
  const { url } = await createEmptyDatabase();
  const { facts } = await readDatabase(url);
  expect(idsOf(judgeDatabase(facts, false))).toEqual(["✗ not-migrated"]);
});

test("read database: an unknown migration is reported", async () => {
  const { db } = await createTestDatabase();
  await sql`insert into kysely_migration (name, timestamp) values ('2031-01-01T0000-later', 'now')`.execute(db);
  expect(idsOf(judgeMigrations(await readServer(db)))).toEqual(["! schema-newer"]);
  await sql`delete from kysely_migration where name like '%index-sessions-by-idle-expiry'`.execute(db);
  expect(idsOf(judgeMigrations(await readServer(db)))).toEqual(["✗ not-migrated"]);
});

test.each([
  ["mysql://root@127.0.0.1:9/portcullis", /Nothing listens at 127.0.0.1:9/],
  ["mysql://root@localhost/portcullis?socketPath=/nowhere.sock", /Nothing listens at \/nowhere.sock/],
])("%s: an unreachable database is explained", async (url, says) => {
  const { facts } = await readDatabase(url);
  const group = judgeDatabase(facts, false);
  expect(idsOf(group)).toEqual(["✗ database-unreachable"]);
  expect(group.findings[0]?.says).toMatch(says);
});

test("read database: one server without copies has nothing to fail over to", async () => {
  const { servers } = await readDatabase(healthy.url);
  const group = judgeReplication(servers);
  expect(idsOf(group)).toEqual([]);
  expect(group.healthy).toBe("one server, without copies to fail over to");
});

test("read database: several servers are examined each, also a read-only one, and the tables on the one that accepts writes", async () => {
  const replica = await provideServer({ directory: join(DATA, "test", `doctor-${process.pid}`, "mysql") });
  onTestFinished(() => replica.stop());
  const operator = await createConnection(parseDatabaseUrl(replica.url)[0]);
  onTestFinished(() => operator.end());
  await operator.query(`create database ${new URL(healthy.url).pathname.slice(1)}`);
  await operator.query("set global read_only = 1");
  const proxies = [replica.url, healthy.url].map((url) => new FaultProxy(parseDatabaseUrl(url)[0]));
  for (const proxy of proxies) {
    await proxy.open();
    onTestFinished(() => proxy.close());
  }
  const hosts = proxies.map(({ port }) => `127.0.0.1:${port}`);
  const urlOf = (list: string[]) => `mysql://root@${list.join(",")}${new URL(healthy.url).pathname}`;

  const { facts, servers } = await readDatabase(urlOf([...hosts, "127.0.0.1:9"]));
  expect(facts).toMatchObject({ kind: "reached", connection: { address: hosts[1] } });
  expect(idsOf(judgeDatabase(facts, false))).toEqual([]);
  expect(servers.map(({ address }) => address)).toEqual([...hosts, "127.0.0.1:9"]);
  const group = judgeReplication(servers);
  // The second server is MariaDB where the first may be MySQL.
  expect(
    idsOf(group)
      .filter((id) => id !== "! versions-differ")
      .sort(),
  ).toEqual(["! may-write-read-only", "! may-write-read-only", "! semi-sync-off", "! server-unreachable"]);

  await operator.query("set global read_only = 0");
  const both = await readDatabase(urlOf(hosts));
  expect(idsOf(judgeReplication(both.servers))).toContain("✗ several-writable");
});

test("read database: an account without privileges on the server is not an error", async () => {
  const name = new URL(healthy.url).pathname.slice(1);
  const password = randomUUID();
  const user = `app_${randomUUID().slice(0, 8)}`;
  await sql.raw(`create user ${user}@localhost identified by '${password}'`).execute(healthy.db);
  await sql.raw(`grant select on ${name}.* to ${user}@localhost`).execute(healthy.db);
  onTestFinished(async () => void (await sql.raw(`drop user ${user}@localhost`).execute(healthy.db)));
  const url = new URL(healthy.url);
  Object.assign(url, { username: user, password });
  const { facts, servers } = await readDatabase(url.href);
  expect(facts.kind).toBe("reached");
  expect(idsOf(judgeReplication(servers))).toEqual([]);
});

test("read database: a missing database is reported with the statement that creates it", async () => {
  const url = new URL(healthy.url);
  url.pathname = "/portcullis_nowhere";
  const { facts } = await readDatabase(url.href);
  expect(judgeDatabase(facts, false).findings[0]?.todo).toMatch(/^create database/);
});

async function changesOf(db: Kysely<Database>): Promise<string[]> {
  return idsOf(judgeSchema(await readSchema(db)));
}
