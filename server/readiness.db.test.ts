import "./runtime/testing-env";
import { randomUUID } from "node:crypto";
import { join } from "node:path";
import { createConnection, type Connection, type RowDataPacket } from "mysql2/promise";
import { afterAll, afterEach, beforeAll, describe, expect, test, vi } from "vitest";
import type { Kysely } from "kysely";
import { connect, parseDatabaseUrl } from "@/db/connect";
import { isUnavailable } from "@/db/faults";
import { migrateToLatest, MIGRATION_LIMITS } from "@/db/migrate";
import type { Database } from "@/db/schema";
import type { Server } from "@/scripts/mysql/private-server.mjs";
import { provideServer } from "@/scripts/mysql/provide.mjs";
import { DATA } from "@/scripts/paths.mjs";
import { signedInSession } from "./auth/db-testing";
import { endSession } from "./auth/sessions/end-session";
import { login } from "./auth/login/login";
import { hashPassword } from "./auth/passwords/password";
import { secondsAfter } from "./auth/policy/lifetimes";
import { tryRefresh } from "./auth/sessions/refresh";
import { register } from "./auth/login/register";
import { ADA, anotherInstance } from "./auth/testing";
import { closeDatabase, database } from "./runtime/database";
import { env } from "./runtime/env";

// A server of its own: what is set here would stop every other test.
let server: Server;
let root: Connection;
let appUrl: string;
let asRoot: Kysely<Database>;
beforeAll(async () => {
  server = await provideServer({ directory: join(DATA, "test", `readiness-${process.pid}`, "mysql") });
  root = await createConnection(parseDatabaseUrl(server.url));
  const migrating = connect(server.url, MIGRATION_LIMITS);
  await migrateToLatest(migrating).finally(() => migrating.destroy());
  // Without the right to write where others may not, which root has.
  const password = randomUUID();
  await root.query(`create or replace user app@localhost identified by '${password}'`);
  await grant();
  const url = new URL(server.url);
  url.username = "app";
  url.password = password;
  appUrl = url.href;
  process.env.DATABASE_URL = appUrl;
  env();
  asRoot = connect(server.url);
}, 180_000);
afterAll(async () => {
  await closeDatabase();
  await asRoot.destroy();
  await root.end();
  await server.stop();
});
afterEach(() => mend());

const grant = () => root.query("grant select, insert, update, delete on portcullis.* to app@localhost");

const load = async () => ({ ...(await import("./readiness")), ...(await import("./auth/sessions/revocation-feed")) });

/** An instance that has read the feed and has not been asked yet. */
async function newInstance() {
  const instance = await anotherInstance(load, { DATABASE_URL: appUrl });
  await instance.readRevocations(asRoot);
  return instance;
}

const isReady = async () => (await newInstance()).isReady();

describe("ready", () => {
  test("where a write succeeds, and not before the feed was read", async () => {
    expect(await isReady()).toBe(true);
    const { isReady: isNewReady } = await anotherInstance(load, { DATABASE_URL: appUrl });
    expect(await isNewReady()).toBe(false);
  });

  test.each([
    ["the server is read-only", "set global read_only = 1"],
    ["its transactions are read-only", "set global transaction read only"],
    ["all tables are locked for a backup", "flush tables with read lock"],
    ["the account may not insert", "revoke insert on portcullis.* from app@localhost"],
    ["the account may not update", "revoke update on portcullis.* from app@localhost"],
    ["the account may do nothing", "revoke all on portcullis.* from app@localhost"],
    ["a migration is missing", "update kysely_migration set name = concat(name, ' gone') order by name desc limit 1"],
    ["the table of its writes is gone", "rename table heartbeats to elsewhere"],
  ])("not while %s, and again after it", async (_, statement) => {
    await root.query(statement);
    // Only new connections learn of some of these.
    await closeDatabase();
    expect(await isReady()).toBe(false);
    await mend();
    await closeDatabase();
    expect(await isReady()).toBe(true);
  });

  test("a thousand probes at once and those of the next second share one check, whatever it says", async () => {
    for (const readOnly of [0, 1]) {
      await root.query(`set global read_only = ${readOnly}`);
      const { isReady: ask } = await newInstance();
      const now = performance.now();
      const clock = vi.spyOn(performance, "now").mockImplementation(() => now);
      const before = await statements();
      const answers = await Promise.all(Array.from({ length: 1000 }, ask));
      answers.push(await ask());
      expect(new Set(answers)).toEqual(new Set([readOnly === 0]));
      // Two, this test's own, and those by which a connection begins: not one for every probe.
      const shared = (await statements()) - before;
      expect(shared).toBeLessThan(10);
      clock.mockImplementation(() => now + 1001);
      await ask();
      expect((await statements()) - before).toBeGreaterThan(shared + 1);
      clock.mockRestore();
    }
  });
});

test.each([
  ["the server is", "set global read_only = 1"],
  ["its transactions are", "set global transaction read only"],
])("while %s read-only, acts are unavailable and no fault, and the session goes on after it", async (_, statement) => {
  const now = new Date();
  const password = "velvet otters cross 7 bridges";
  const email = `${randomUUID()}@example.test`;
  const passwordHash = await hashPassword(password);
  const { id, refreshToken } = await signedInSession(asRoot, now, { email, passwordHash });
  const due = secondsAfter(now, 600);
  await root.query(statement);
  await closeDatabase();

  const db = database();
  expect(await tryRefresh(db, refreshToken, ADA, due)).toMatchObject({ kind: "unavailable", status: 503 });
  const input = { email, password, remember: true };
  for (const act of [
    () => login(db, input, ADA, null, due),
    () => register(db, { ...input, email: `new.${email}`, fullName: "Ada Moat" }, ADA, null, due),
    () => endSession(db, { id }, "logout"),
  ]) {
    await expect(act()).rejects.toSatisfy(isUnavailable);
  }

  await mend();
  await closeDatabase();
  expect(await tryRefresh(database(), refreshToken, ADA, due)).toMatchObject({ kind: "refreshed", verdict: "rotate" });
});

async function mend(): Promise<void> {
  await root.query("unlock tables");
  await root.query("set global read_only = 0");
  await root.query("set global transaction read write");
  await root.query("update kysely_migration set name = replace(name, ' gone', '')");
  const [renamed] = await root.query<RowDataPacket[]>("show tables like 'elsewhere'");
  if (renamed.length > 0) await root.query("rename table elsewhere to heartbeats");
  await grant();
}

/** Statements that the server was asked for, this one too. */
async function statements(): Promise<number> {
  const [rows] = await root.query<RowDataPacket[]>("show global status like 'Questions'");
  return Number(rows[0]!.Value);
}
