import "./runtime/testing-env";
import { randomUUID } from "node:crypto";
import { join } from "node:path";
import { createConnection, type Connection, type RowDataPacket } from "mysql2/promise";
import { afterAll, afterEach, beforeAll, describe, expect, test, vi } from "vitest";
import type { Kysely } from "kysely";
import { connect } from "@/db/connect";
import { parseDatabaseUrl } from "@/db/database-url.mjs";
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

// A separate server, because these settings would make every other test fail.
let server: Server;
let root: Connection;
let appUrl: string;
let asRoot: Kysely<Database>;
beforeAll(async () => {
  server = await provideServer({ directory: join(DATA, "test", `readiness-${process.pid}`, "mysql") });
  root = await createConnection(parseDatabaseUrl(server.url)[0]);
  const migrating = connect(server.url, MIGRATION_LIMITS);
  await migrateToLatest(migrating).finally(() => migrating.destroy());
  // root may write even if the server is read-only, so the app uses an account without that privilege.
  const password = randomUUID();
  await root.query(`create or replace user app@localhost identified by '${password}'`);
  await grant();
  const url = new URL(server.url);
  url.username = "app";
  url.password = password;
  appUrl = url.href;
  process.env.DATABASE_URL = appUrl;
  env();
  asRoot = connect(server.url, { requiresWritable: false });
}, 180_000);
afterAll(async () => {
  await closeDatabase();
  await asRoot.destroy();
  await root.end();
  await server.stop();
});
afterEach(() => restore());

const grant = () => root.query("grant select, insert, update, delete on portcullis.* to app@localhost");

const load = async () => ({
  ...(await import("./readiness")),
  ...(await import("./auth/sessions/revocation-feed")),
  ...(await import("./auth/tokens/bearer-key-feed")),
});

/** An instance that has read the revocation feed and the keys, and has no cached check. */
async function newInstance() {
  const instance = await anotherInstance(load, { DATABASE_URL: appUrl });
  await instance.readRevocations(asRoot);
  await instance.readKeys(asRoot);
  return instance;
}

const isReady = async () => (await newInstance()).isReady();

describe("readiness", () => {
  test("readiness: ready if a write succeeds and the revocation feed has been read", async () => {
    expect(await isReady()).toBe(true);
    const { isReady: isNewReady, readKeys } = await anotherInstance(load, { DATABASE_URL: appUrl });
    await readKeys(asRoot);
    expect(await isNewReady()).toBe(false);
  });

  test("readiness: not ready before the signing keys have been read", async () => {
    const { isReady: isNewReady, readRevocations, readKeys } = await anotherInstance(load, { DATABASE_URL: appUrl });
    await readRevocations(asRoot);
    expect(await isNewReady()).toBe(false);
    await readKeys(asRoot);
    expect(await isNewReady()).toBe(true);
  });

  test.each([
    ["the server is read-only", "set global read_only = 1"],
    ["its transactions are read-only", "set global transaction read only"],
    ["all tables are locked for a backup", "flush tables with read lock"],
    ["the account may not insert", "revoke insert on portcullis.* from app@localhost"],
    ["the account may not update", "revoke update on portcullis.* from app@localhost"],
    ["the account has no privileges", "revoke all on portcullis.* from app@localhost"],
    ["a migration is missing", "update kysely_migration set name = concat(name, ' gone') order by name desc limit 1"],
    ["the heartbeats table is missing", "rename table heartbeats to elsewhere"],
  ])("readiness: not ready while %s, and ready again afterwards", async (_, statement) => {
    await root.query(statement);
    // Some of these settings apply to new connections only.
    await closeDatabase();
    expect(await isReady()).toBe(false);
    await restore();
    await closeDatabase();
    expect(await isReady()).toBe(true);
  });

  test("readiness: not ready while the server is read-only, even if the account may write there and its connections were kept", async () => {
    await closeDatabase();
    const instance = await anotherInstance(load, { DATABASE_URL: server.url });
    await instance.readRevocations(asRoot);
    await instance.readKeys(asRoot);
    expect(await instance.isReady()).toBe(true);
    await root.query("set global read_only = 1");
    await expect.poll(instance.isReady, { timeout: 10_000 }).toBe(false);
    await restore();
    await expect.poll(instance.isReady, { timeout: 10_000 }).toBe(true);
    await closeDatabase();
  });

  test("readiness: a thousand concurrent probes and those of the next second share one check, whatever its result", async () => {
    for (const readOnly of [0, 1]) {
      await root.query(`set global read_only = ${readOnly}`);
      const { isReady: probe } = await newInstance();
      const now = performance.now();
      const clock = vi.spyOn(performance, "now").mockImplementation(() => now);
      const before = await statements();
      const results = await Promise.all(Array.from({ length: 1000 }, probe));
      results.push(await probe());
      expect(new Set(results)).toEqual(new Set([readOnly === 0]));
      // Two for the check, this test's own, and those that set up a connection: not one per probe.
      const shared = (await statements()) - before;
      expect(shared).toBeLessThan(10);
      clock.mockImplementation(() => now + 1001);
      await probe();
      expect((await statements()) - before).toBeGreaterThan(shared + 1);
      clock.mockRestore();
    }
  });
});

test.each([
  ["the server is", "set global read_only = 1"],
  ["its transactions are", "set global transaction read only"],
])("readiness: while %s read-only, writes are UNAVAILABLE, and the session survives", async (_, statement) => {
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
  for (const write of [
    () => login(db, input, ADA, null, due),
    () => register(db, { ...input, email: `new.${email}`, fullName: "Ada Moat" }, ADA, null, due),
    () => endSession(db, { id }, "logout"),
  ]) {
    await expect(write()).rejects.toSatisfy(isUnavailable);
  }

  await restore();
  await closeDatabase();
  expect(await tryRefresh(database(), refreshToken, ADA, due)).toMatchObject({
    kind: "refreshed",
    verdict: "rotate",
  });
});

async function restore(): Promise<void> {
  await root.query("unlock tables");
  await root.query("set global read_only = 0");
  await root.query("set global transaction read write");
  await root.query("update kysely_migration set name = replace(name, ' gone', '')");
  const [renamed] = await root.query<RowDataPacket[]>("show tables like 'elsewhere'");
  if (renamed.length > 0) await root.query("rename table elsewhere to heartbeats");
  await grant();
}

/** Number of statements that the server has received, including this one. */
async function statements(): Promise<number> {
  const [rows] = await root.query<RowDataPacket[]>("show global status like 'Questions'");
  return Number(rows[0]!.Value);
}
