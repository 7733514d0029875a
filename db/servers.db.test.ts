import { randomUUID } from "node:crypto";
import { join } from "node:path";
import { sql, type Kysely } from "kysely";
import { createConnection, type Connection, type RowDataPacket } from "mysql2/promise";
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from "vitest";
import type { Server } from "@/scripts/mysql/private-server.mjs";
import { provideServer } from "@/scripts/mysql/provide.mjs";
import { DATA } from "@/scripts/paths.mjs";
import { connect, type ConnectOptions } from "./connect";
import { parseDatabaseUrl } from "./database-url.mjs";
import { isUnavailable } from "./faults";
import type { Database } from "./schema";
import { atOnce } from "./testing";
import { FaultProxy } from "./testing-fault-proxy";

/** A real server, an operator's connection to it, and the proxy through which the app reaches it. */
interface Node {
  server: Server;
  operator: Connection;
  proxy: FaultProxy;
}

// Of their own, because read-only servers would make every other test fail. They do not replicate: these tests are about the choice.
let nodes: [Node, Node];
let one: Node;
let two: Node;
const password = randomUUID();
const pools: Kysely<Database>[] = [];

beforeAll(async () => {
  const start = async (name: string): Promise<Node> => {
    const server = await provideServer({ directory: join(DATA, "test", `servers-${process.pid}`, name) });
    const [address] = parseDatabaseUrl(server.url);
    const operator = await createConnection(address);
    await operator.query("create table name (name varchar(9) primary key)");
    await operator.query("insert into name values (?)", [name]);
    await operator.query(`create user app@localhost identified by '${password}'`);
    await operator.query("grant select, insert, update, delete on portcullis.* to app@localhost");
    return { server, operator, proxy: new FaultProxy(address) };
  };
  nodes = [await start("one"), await start("two")];
  [one, two] = nodes;
}, 180_000);
beforeEach(async () => {
  for (const { operator, proxy } of nodes) {
    await operator.query("set global read_only = 0");
    await proxy.open();
  }
});
afterEach(async () => {
  for (const pool of pools.splice(0)) await pool.destroy();
  for (const { proxy } of nodes) {
    proxy.thaw();
    await proxy.close();
  }
});
afterAll(async () => {
  for (const { operator, server } of nodes) {
    await operator.end();
    await server.stop();
  }
});

/** A pool as the app has one. Root may write to a read-only server, so that no error tells that a server was demoted. */
function connectAs(user: "app" | "root", servers: Node[], options: ConnectOptions = {}) {
  const credentials = user === "root" ? "root" : `app:${password}`;
  const hosts = servers.map(({ proxy }) => `127.0.0.1:${proxy.port}`).join(",");
  const db = connect(`mysql://${credentials}@${hosts}/portcullis`, { verifySeconds: 0.05, ...options });
  pools.push(db);
  return {
    db,
    readName: async () => (await sql<{ name: string }>`select name from name`.execute(db)).rows[0]!.name,
    write: () => sql`update name set name = name`.execute(db),
  };
}

const setReadOnly = ({ operator }: Node, isReadOnly: boolean) =>
  operator.query(`set global read_only = ${isReadOnly ? 1 : 0}`);

/** The former primary becomes a replica that keeps its connections, and the other one takes over. */
async function switchOver(from: Node, to: Node): Promise<void> {
  await setReadOnly(from, true);
  await setReadOnly(to, false);
}

/** Longer than `verifySeconds`. */
const untilVerificationIsDue = () => new Promise((resolve) => setTimeout(resolve, 60));

/** Polled, because the server notices a closed connection later than the client. */
async function expectNoConnections({ operator }: Node): Promise<void> {
  const count = async () => {
    const [rows] = await operator.query<RowDataPacket[]>(
      "select count(*) as count from information_schema.processlist where db = 'portcullis' and id <> connection_id()",
    );
    return Number(rows[0]!.count);
  };
  await expect.poll(count, { timeout: 10_000 }).toBe(0);
}

test("several servers: the first of the URL is used, and its connections are set up like those of a single server", async () => {
  const { db, readName } = connectAs("app", nodes);
  expect(await atOnce(20, readName)).toEqual(Array(20).fill("one"));
  await expectNoConnections(two);
  const { rows } = await sql<{ zone: string; wait: number }>`
    select @@time_zone as zone, @@innodb_lock_wait_timeout as wait`.execute(db);
  expect(rows).toEqual([{ zone: "+00:00", wait: 2 }]);
});

test.each([
  ["is read-only", () => setReadOnly(one, true)],
  ["refuses connections", () => one.proxy.close()],
])("several servers: no call fails at start if the first server %s", async (_, fail) => {
  await fail();
  const { readName } = connectAs("app", nodes);
  expect(await atOnce(20, readName)).toEqual(Array(20).fill("two"));
  await expectNoConnections(one);
});

test("several servers: a server that does not respond is given up after its part of the time", async () => {
  one.proxy.freeze();
  const { readName } = connectAs("app", nodes, { acquireSeconds: 1 });
  expect(await readName()).toBe("two");
  const { accepted } = one.proxy;
  expect(await atOnce(20, readName)).toEqual(Array(20).fill("two"));
  expect(one.proxy.accepted).toBe(accepted);
});

test.each([[1], [2]])(
  "several servers: without failing a call, connections leave a server that was demoted but cut none (%i servers)",
  async (count) => {
    await setReadOnly(two, true);
    const { readName, write } = connectAs("root", nodes.slice(0, count));
    expect(await atOnce(20, readName)).toEqual(Array(20).fill("one"));

    await switchOver(one, two);
    // With one server in the URL, its name now leads to the new primary.
    if (count === 1) one.proxy.target = two.proxy.target;
    await untilVerificationIsDue();
    await write();
    expect(await atOnce(20, readName)).toEqual(Array(20).fill("two"));
    await expectNoConnections(one);
    one.proxy.target = parseDatabaseUrl(one.server.url)[0];

    if (count === 2) {
      await switchOver(two, one);
      await untilVerificationIsDue();
      await readName();
      expect(await atOnce(20, readName)).toEqual(Array(20).fill("one"));
    }
  },
);

test("several servers: one refused write closes every idle connection to the demoted server, before the next check", async () => {
  const { readName, write } = connectAs("app", nodes, { verifySeconds: 3600 });
  await atOnce(10, readName);
  await switchOver(one, two);
  const error: unknown = await write().catch((caught: unknown) => caught);
  expect(error).toMatchObject({ errno: 1290 });
  expect(isUnavailable(error)).toBe(true);
  await expectNoConnections(one);
  expect(await atOnce(20, readName)).toEqual(Array(20).fill("two"));
});

test("several servers: a transaction that a switch-over interrupts fails as unavailable, and its connection is closed", async () => {
  const { db, readName } = connectAs("app", nodes);
  const error: unknown = await db
    .transaction()
    .execute(async (trx) => {
      await sql`select name from name for update`.execute(trx);
      await switchOver(one, two);
      await untilVerificationIsDue();
      expect(await readName()).toBe("two");
      await sql`update name set name = 'lost'`.execute(trx);
    })
    .catch((caught: unknown) => caught);
  expect(isUnavailable(error), String(error)).toBe(true);
  await expectNoConnections(one);
  expect(await atOnce(20, readName)).toEqual(Array(20).fill("two"));
});

test("several servers: a connection in use during a switch-over is closed when it is released", async () => {
  const { db, readName } = connectAs("root", nodes);
  await db.connection().execute(async (connection) => {
    await readName();
    await switchOver(one, two);
    await untilVerificationIsDue();
    expect(await readName()).toBe("two");
    await sql`select 1`.execute(connection);
  });
  await expectNoConnections(one);
});

test("several servers: a server that refuses new connections is left by the idle ones, too", async () => {
  const { readName } = connectAs("app", nodes);
  await readName();
  one.proxy.refuse();
  expect((await atOnce(5, readName)).sort()).toEqual(["one", "two", "two", "two", "two"]);
  expect(await atOnce(20, readName)).toEqual(Array(20).fill("two"));
  await expectNoConnections(one);
});

test("several servers: after the server in use was killed the next calls go to the other one, over at most ten connections", async () => {
  const { readName } = connectAs("app", nodes);
  await atOnce(10, readName);
  const before = two.proxy.accepted;
  await one.server.kill();
  // A call on a connection whose end has not been noticed yet fails: whether its statement was executed is unknown.
  const results = await atOnce(200, () => readName().catch((error: unknown) => error));
  for (const result of results) expect(result === "two" || isUnavailable(result), String(result)).toBe(true);
  expect(await atOnce(20, readName)).toEqual(Array(20).fill("two"));
  expect(two.proxy.accepted - before).toBeLessThanOrEqual(10);
  await one.server.start();
  one.operator.destroy();
  one.operator = await createConnection(parseDatabaseUrl(one.server.url)[0]);
});

test("several servers: while none accepts writes, all calls fail as unavailable, and the first server that does is used", async () => {
  for (const node of nodes) await setReadOnly(node, true);
  const { readName } = connectAs("root", nodes);
  for (const error of await atOnce(20, () => readName().catch((caught: unknown) => caught))) {
    expect(isUnavailable(error), String(error)).toBe(true);
    expect(error).toMatchObject({ code: "NOT_WRITABLE", message: "The database server is read-only." });
  }
  for (const node of nodes) await expectNoConnections(node);
  await setReadOnly(two, false);
  expect(await atOnce(20, readName)).toEqual(Array(20).fill("two"));
});

test("several servers: a busy pool does not move to another server that accepts writes", async () => {
  const { db, readName } = connectAs("app", nodes, { poolSize: 1, acquireSeconds: 0.2 });
  await db.connection().execute(async () => {
    const error: unknown = await readName().catch((caught: unknown) => caught);
    expect(error).toMatchObject({ code: "ACQUIRE_TIMEOUT" });
  });
  expect(await readName()).toBe("one");
  await expectNoConnections(two);
});

test("several servers: a refused password is an error, and no other server is asked", async () => {
  const { port } = one.proxy;
  const db = connect(`mysql://app:wrong@127.0.0.1:${port},127.0.0.1:${two.proxy.port}/portcullis`);
  pools.push(db);
  const before = two.proxy.accepted;
  await expect(sql`select 1`.execute(db)).rejects.toMatchObject({ errno: 1045 });
  expect(two.proxy.accepted).toBe(before);
});
