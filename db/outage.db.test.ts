import { createServer, type AddressInfo, type Socket } from "node:net";
import { sql, type Kysely } from "kysely";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { connect } from "./connect";
import { parseDatabaseUrl } from "./database-url.mjs";
import { isUnavailable } from "./faults";
import type { Database } from "./schema";
import { atOnce, useTestDatabase } from "./testing";
import { FaultProxy } from "./testing-fault-proxy";

const database = useTestDatabase();
let proxy: FaultProxy;
let db: Kysely<Database>;

beforeEach(async () => {
  proxy = new FaultProxy(parseDatabaseUrl(database.url)[0]);
  await proxy.open();
  // Long: on a busy machine a new connection may take a second.
  db = connect(urlOf(proxy), { poolSize: 4, statementSeconds: 2, acquireSeconds: 20 });
});
afterEach(async () => {
  await db.destroy();
  await proxy.close();
});

/** For tests of what a client does at a limit. Its connections are open: to open them may take longer than the limit. */
async function useShortLimits(): Promise<void> {
  await db.destroy();
  db = connect(urlOf(proxy), { poolSize: 4, statementSeconds: 0.2, acquireSeconds: 0.4 });
  await vi.waitFor(() => atOnce(4, query), { timeout: 30_000 });
}

const query = () => sql<{ answer: number }>`select 42 as answer`.execute(db).then(({ rows }) => rows[0]!.answer);
const queryError = () => query().catch((error: unknown) => error);

test.each(["end", "reset"] as const)(
  "no query fails on a connection that a server restart has closed (%s)",
  async (how) => {
    await atOnce(4, query);
    proxy.cut(how);
    await new Promise((resolve) => setTimeout(resolve, 20));
    expect(await atOnce(20, query)).toEqual(Array(20).fill(42));
  },
);

test.each([
  [
    "an idle timeout error",
    Buffer.from(
      "1f000000ff bf0f2348593030304964 6c6520746f6f206c6f6e672c20636c6f7365642e2e".replaceAll(" ", ""),
      "hex",
    ),
  ],
  ["invalid bytes", Buffer.alloc(64, 7)],
])("an idle connection that receives %s is not reused, and the process does not crash", async (_, message) => {
  await atOnce(4, query);
  proxy.send(message);
  proxy.send(message);
  await new Promise((resolve) => setTimeout(resolve, 20));
  proxy.send(message);
  proxy.cut("reset");
  await new Promise((resolve) => setTimeout(resolve, 20));
  expect(await atOnce(20, query)).toEqual(Array(20).fill(42));
});

test("queries in progress when the server dies fail as unavailable, and the next one succeeds", async () => {
  const slowPool = connect(urlOf(proxy), { poolSize: 4, statementSeconds: 30, acquireSeconds: 5 });
  const sleeping = atOnce(4, () => sql`select sleep(20)`.execute(slowPool).catch((error: unknown) => error));
  await expect.poll(() => countSleepingQueries(), { timeout: 10_000 }).toBe(4);
  proxy.cut("reset");
  for (const error of await sleeping) expect(isUnavailable(error), String(error)).toBe(true);
  expect((await sql<{ answer: number }>`select 42 as answer`.execute(slowPool)).rows).toEqual([{ answer: 42 }]);
  await slowPool.destroy();
});

test("queries fail as unavailable while the server is down, and succeed when it is back", async () => {
  await query();
  await proxy.close();
  for (const error of await atOnce(20, queryError)) expect(isUnavailable(error), String(error)).toBe(true);
  await proxy.open();
  expect(await atOnce(20, query)).toEqual(Array(20).fill(42));
});

test("queries to an unresponsive server fail within 1.5 seconds, and their connections are closed", async () => {
  await useShortLimits();
  proxy.freeze();
  for (let round = 0; round < 2; round++) {
    const startedAt = performance.now();
    for (const error of await atOnce(12, queryError)) expect(isUnavailable(error), String(error)).toBe(true);
    expect(performance.now() - startedAt).toBeLessThan(1500);
  }
  // The client closes timed-out connections completely: a half-open one would wait for a server that may never respond.
  await expect.poll(() => countSocketsTo(proxy.port), { timeout: 5000 }).toBe(0);
  proxy.thaw();
  expect(await atOnce(20, query)).toEqual(Array(20).fill(42));
});

test("a late response is never taken for the response to another query", async () => {
  const single = connect(urlOf(proxy), { poolSize: 1, statementSeconds: 0.2, acquireSeconds: 1 });
  const echo = (value: number) => sql<{ value: number }>`select ${value} as value`.execute(single);
  await echo(0);
  proxy.freeze();
  await expect(echo(1)).rejects.toThrow();
  proxy.thaw();
  for (let value = 2; value < 10; value++) expect((await echo(value)).rows).toEqual([{ value }]);
  await single.destroy();
});

test("a transaction interrupted by an unresponsive server fails as unavailable and holds no connection", async () => {
  const failure = await db
    .transaction()
    .execute(async (trx) => {
      proxy.freeze();
      await sql`select 1`.execute(trx);
    })
    .catch((error: unknown) => error);
  expect(isUnavailable(failure), String(failure)).toBe(true);
  proxy.thaw();
  expect(await atOnce(8, query)).toEqual(Array(8).fill(42));
});

test("a transaction whose connection was lost between two statements fails as unavailable", async () => {
  const failure = await db
    .transaction()
    .execute(async (trx) => {
      await sql`select 1`.execute(trx);
      proxy.cut("reset");
      await new Promise((resolve) => setTimeout(resolve, 50));
      await sql`select 1`.execute(trx);
    })
    .catch((error: unknown) => error);
  expect(isUnavailable(failure), String(failure)).toBe(true);
});

test("closing the pool does not wait for an unresponsive server", async () => {
  await useShortLimits();
  proxy.freeze();
  const pending = queryError();
  await new Promise((resolve) => setTimeout(resolve, 50));
  const before = performance.now();
  await db.destroy();
  expect(performance.now() - before).toBeLessThan(1500);
  expect(await pending).toBeInstanceOf(Error);
});

test.each([
  ["sends nothing", () => {}],
  ["closes the connection", (socket: Socket) => socket.end()],
  ["speaks HTTP", (socket: Socket) => socket.end("HTTP/1.1 400 Bad Request\r\n\r\n")],
  [
    "has too many connections",
    (socket: Socket) => socket.end(Buffer.from("17000000ff1004546f6f206d616e7920636f6e6e656374696f6e73", "hex")),
  ],
])("connecting to a server that %s fails with an error and does not crash", async (_, greet) => {
  const listener = createServer((socket) => {
    socket.on("error", () => {});
    greet(socket);
  });
  await new Promise<void>((resolve) => listener.listen(0, "127.0.0.1", resolve));
  const { port } = listener.address() as AddressInfo;
  const pool = connect(`mysql://root@127.0.0.1:${port}/x`, { acquireSeconds: 0.3 });
  const errors = await atOnce(3, () => sql`select 1`.execute(pool).catch((error: unknown) => error));
  for (const error of errors) expect(error).toBeInstanceOf(Error);
  await pool.destroy();
  listener.close();
});

function urlOf(proxy: FaultProxy): string {
  const url = new URL(database.url);
  url.searchParams.delete("socketPath");
  url.host = `127.0.0.1:${proxy.port}`;
  return url.href;
}

/** The statements running on this test's database according to the server. */
async function countSleepingQueries(): Promise<number> {
  const { rows } = await sql<{ count: number }>`
    select count(*) as count from information_schema.processlist
    where db = database() and info like 'select sleep(20)%'`.execute(database.db);
  return Number(rows[0]!.count);
}

function countSocketsTo(port: number): number {
  const { _getActiveHandles } = process as unknown as { _getActiveHandles: () => Partial<Socket>[] };
  return _getActiveHandles().filter(({ remotePort, destroyed }) => remotePort === port && !destroyed).length;
}
