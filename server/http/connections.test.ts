import { spawn } from "node:child_process";
import { once } from "node:events";
import type { ServerResponse } from "node:http";
import { connect, type AddressInfo, type Socket } from "node:net";
import { join } from "node:path";
import { describe, expect, onTestFinished, test, vi } from "vitest";
import { ROOT } from "@/scripts/paths.mjs";
import type { App } from "./entry";
import { sleep, startEntry, usePrograms, type TestEntry } from "./testing";

vi.setConfig({ testTimeout: 60_000 });
const LONG_WAIT = { timeout: 20_000, interval: 20 };
const ENTRY = `
  import { readFileSync } from "node:fs";
  import { createEntry } from "@/server/http/entry";
  import { maxConnectionsOfProcess } from "@/server/http/connections";
  import { createLog } from "@/server/runtime/log";
  const log = createLog();
  const app = (request, response) => {
    if (request.url === "/hung") return;
    if (request.url === "/file") return response.end(String(readFileSync("package.json").length > 0));
    setTimeout(() => response.end("x".repeat(20_000)), Math.random() * 3);
  };
  const settings = {
    NODE_ENV: "production", APP_ORIGIN: "http://localhost:3000", CORS_ORIGINS: [], TRUSTED_PROXY_HOPS: 0,
    RATE_LIMIT_FACTOR: 1000, REFRESH_GRACE_SECONDS: 30, guardedCookies: new Set(),
    maxConnections: maxConnectionsOfProcess(),
  };
  const server = createEntry(app, settings, log);
  // As in development, where Next takes over the sockets of hot reload.
  if (process.env.UPGRADES) server.on("upgrade", (_request, socket) => {
    for (let count = 0; count < 20; count++) setTimeout(() => socket.write("HTTP/1.1 101 Switching Protocols\\r\\n\\r\\n"), count);
  });
  server.listen(0, "127.0.0.1", () => console.log("port=" + server.address().port + "."));
`;

const folder = usePrograms({ entry: ENTRY });

/** The entry in a child process, so that a test can check whether it is still running. */
async function startProcess(env: Record<string, string> = {}, openFiles?: number) {
  const limit = openFiles === undefined ? "" : `ulimit -n ${openFiles};`;
  const child = spawn("sh", ["-c", `${limit} exec "$0" "$1"`, process.execPath, join(folder, "entry.mjs")], {
    cwd: ROOT,
    env: { PATH: process.env["PATH"] ?? "", NODE_ENV: "production", ...env },
  });
  onTestFinished(() => void child.kill("SIGKILL"));
  let output = "";
  let errors = "";
  child.stdout.on("data", (chunk) => (output = (output + chunk).slice(0, 10_000)));
  child.stderr.on("data", (chunk) => (errors += chunk));
  await vi.waitFor(() => expect(output).toMatch(/port=\d+\./), LONG_WAIT);
  return { port: Number(/port=(\d+)\./.exec(output)?.[1]), child, errors: () => errors };
}

async function responseTo(port: number, bytes: string): Promise<string> {
  const socket = connect(port, "127.0.0.1").on("error", () => {});
  let response = "";
  socket.on("data", (chunk) => (response += chunk)).write(bytes);
  await once(socket, "close");
  return response;
}

const GET = "GET /_next/static/x HTTP/1.1\r\nHost: a\r\n\r\n";
const WEBSOCKET = "Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n";

describe("connections: a reset connection never ends the process", () => {
  test.each<[string, string, Record<string, string>]>([
    ["during pipelined requests before a CONNECT", `${GET.repeat(40)}CONNECT a:1 HTTP/1.1\r\nHost: a\r\n\r\n`, {}],
    ["after a CONNECT", "CONNECT a:1 HTTP/1.1\r\nHost: a\r\n\r\n", {}],
    [
      "during pipelined requests before a rejected WebSocket upgrade",
      `${GET.repeat(40)}GET / HTTP/1.1\r\nHost: a\r\n${WEBSOCKET}`,
      {},
    ],
    [
      "during a WebSocket upgrade that the framework accepts",
      `GET / HTTP/1.1\r\nHost: a\r\n${WEBSOCKET}`,
      { UPGRADES: "1" },
    ],
    ["during pipelined requests before invalid HTTP", `${GET.repeat(40)}garbage\r\n\r\n`, {}],
    ["within headers that are too large", `${GET}GET / HTTP/1.1\r\nCookie: ${"a".repeat(20_000)}`, {}],
    [
      "within a request body",
      `${GET.repeat(40)}POST /api/trpc/x HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\nContent-Length: 9\r\n\r\n{`,
      {},
    ],
    [
      "during pipelined requests before an unknown Expect header",
      `${GET.repeat(40)}GET / HTTP/1.1\r\nHost: a\r\nExpect: more\r\n\r\n`,
      {},
    ],
  ])("connections: a reset does not end the process: %s", async (_name, bytes, env) => {
    const { port, child, errors } = await startProcess(env);
    for (let round = 0; round < 6; round++) {
      const attackers = Array.from({ length: 14 }, async (_, index) => {
        const socket = connect(port, "127.0.0.1").on("error", () => {});
        socket.write(bytes);
        await sleep(index / 2);
        socket.resetAndDestroy();
      });
      await Promise.all(attackers);
    }
    expect(await responseTo(port, "GET /after HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n")).toMatch(
      /^HTTP\/1\.1 200 /,
    );
    expect([child.exitCode, errors()]).toEqual([null, ""]);
  });
});

test("connections: a failed accept is logged, and the server continues to serve", async () => {
  const entry = await startEntry((_request, response) => void response.end("ok"));
  entry.server.emit("error", Object.assign(new Error("accept EMFILE"), { code: "EMFILE", syscall: "accept" }));
  expect((await entry.request()).body).toBe("ok");
  expect(entry.logLines[0]).toMatchObject({ level: "error", msg: "could not accept a connection" });
});

test("connections: an app that writes after the end of its response does not end the process", async () => {
  const entry = await startEntry((_request, response) => {
    response.end("done");
    response.write("late");
  });
  expect((await entry.request()).body).toBe("done");
});

test("connections: CONNECT after pipelined requests is rejected after their responses, and the bytes that follow are not parsed as a request", async () => {
  const responses: ServerResponse[] = [];
  const entry = await startEntry((_request, response) => void responses.push(response));
  const reply = entry.sendRaw(`${GET}${GET}CONNECT a:1 HTTP/1.1\r\nHost: a\r\n\r\n${GET}`);
  await vi.waitFor(() => expect(responses).toHaveLength(2), LONG_WAIT);
  for (const response of responses) response.end("answered");
  expect((await reply).match(/HTTP\/1\.1 \d+/g)).toEqual(["HTTP/1.1 200", "HTTP/1.1 200", "HTTP/1.1 405"]);
  expect(responses).toHaveLength(2);
});

test("connections: invalid HTTP after a pending request closes the connection without a response", async () => {
  const entry = await startEntry(() => {});
  expect(await entry.sendRaw("GET / HTTP/1.1\r\nHost: a\r\n\r\n", 50, "garbage\r\n\r\n")).toBe("");
});

test("connections: a client that continues to send oversized headers receives the whole response without a reset", async () => {
  const entry = await startEntry(() => {});
  const { port } = entry.server.address() as AddressInfo;
  const socket = connect({ port, host: "127.0.0.1", allowHalfOpen: true });
  const closed = new Promise((resolve) => socket.once("close", resolve));
  let response = "";
  const errors: Error[] = [];
  socket.on("error", (error) => errors.push(error)).on("data", (chunk) => (response += chunk));
  socket.write("GET / HTTP/1.1\r\n");
  for (let count = 0; count < 20; count++) {
    socket.write(`Cookie: ${"a".repeat(10_000)}\r\n`);
    await sleep(5);
  }
  socket.end();
  await closed;
  expect(response).toMatch(/^HTTP\/1\.1 431 [^]*then try again\.\n$/);
  expect(errors).toEqual([]);
});

test("connections: a rejected client that does not close its connection is disconnected within seconds", async () => {
  const entry = await startEntry(() => {});
  const { port } = entry.server.address() as AddressInfo;
  const socket = connect({ port, host: "127.0.0.1", allowHalfOpen: true }).on("error", () => {});
  socket.resume().write("CONNECT a:1 HTTP/1.1\r\nHost: a\r\n\r\n");
  await once(socket, "end");
  await vi.waitFor(async () => expect(await entry.connectionCount()).toBe(0), LONG_WAIT);
  socket.destroy();
});

describe("connections: every received request is logged once", () => {
  const paths = ["/first", "/api/trpc/users.update", "/api/trpc/users.update", "/third"];
  const packet = paths.map((path) => `GET ${path} HTTP/1.1\r\nHost: a\r\n\r\n`).join("");

  test.each([
    ["none has a response", () => {}],
    ["all but the first have a response", (response: ServerResponse, index: number) => index > 0 && response.end("ok")],
    [
      "the responses after the first have begun",
      (response: ServerResponse, index: number) => index > 0 && response.write("o"),
    ],
  ])("connections: every pipelined request is logged when the connection is reset and %s", async (_name, act) => {
    let handed = 0;
    const entry = await startEntry((_request, response) => void act(response, handed++));
    const { socket } = await open(entry);
    socket.write(packet);
    await vi.waitFor(() => expect(handed).toBe(4), LONG_WAIT);
    socket.resetAndDestroy();
    await vi.waitFor(() => expect(entry.logLines).toHaveLength(4), LONG_WAIT);
    await sleep(50);
    expect(entry.logLines.map(({ path }) => path).sort()).toEqual([...paths].sort());
    for (const line of entry.logLines) expect(line).toMatchObject({ aborted: true, msg: "request" });
  });

  test("connections: a pipelined request that times out behind another is logged", async () => {
    const entry = await startEntry((_request, response) => void response.write("begun"), {
      REFRESH_GRACE_SECONDS: 0.4,
    });
    await entry.sendRaw(packet);
    await vi.waitFor(() => expect(entry.logLines).toHaveLength(4), LONG_WAIT);
  });
});

describe("connections: the limit per address", () => {
  async function startEntryWithoutTimeouts(app: App, settings = {}): Promise<TestEntry> {
    const entry = await startEntry(app, settings);
    // Without Node's own timeouts, so that on a slow machine only the rule under test closes a connection.
    entry.server.headersTimeout = entry.server.requestTimeout = 0;
    return entry;
  }

  test("connections: beyond 512 of one address, each new one closes the longest idle one", async () => {
    const entry = await startEntryWithoutTimeouts((_request, response) => void response.end("ok"));
    const sockets: Awaited<ReturnType<typeof open>>[] = [];
    for (let count = 0; count < 600; count++) sockets.push(await open(entry));
    expect((await entry.request()).body).toBe("ok");
    await vi.waitFor(
      () => expect(sockets.filter(({ isClosed }) => isClosed()).length).toBeGreaterThanOrEqual(88),
      LONG_WAIT,
    );
    expect(await entry.connectionCount()).toBeLessThanOrEqual(512);
    expect(sockets.slice(0, 88).every(({ isClosed }) => isClosed())).toBe(true);
    expect(sockets.slice(100).some(({ isClosed }) => isClosed())).toBe(false);
  });

  test("connections: if all connections of an address have an active request, the next one is rejected with 503", async () => {
    let running = 0;
    const entry = await startEntryWithoutTimeouts(() => void running++, { maxConnections: 20 });
    const busy = [];
    for (let count = 0; count < 10; count++) busy.push(await open(entry));
    for (const { socket } of busy) socket.write("GET / HTTP/1.1\r\nHost: a\r\n\r\n");
    await vi.waitFor(() => expect(running).toBe(10), LONG_WAIT);
    const refused = await entry.sendRaw();
    expect(refused).toMatch(/^HTTP\/1\.1 503 [^]*Retry-After: 1\r\n[^]*\r\n\r\nToo many connections are open\./);
    expect(entry.logLines.at(-1)).toMatchObject({ status: 503, cause: "too many connections" });
    busy[0]!.socket.destroy();
    await vi.waitFor(async () => expect(await entry.connectionCount()).toBe(9), LONG_WAIT);
    const next = await open(entry);
    next.socket.write("GET / HTTP/1.1\r\nHost: a\r\n\r\n");
    await vi.waitFor(() => expect(running).toBe(11), LONG_WAIT);
  });

  test("connections: behind a trusted proxy only the limit per process applies", async () => {
    const settings = { TRUSTED_PROXY_HOPS: 1, maxConnections: 700 };
    const entry = await startEntryWithoutTimeouts((_request, response) => void response.end("ok"), settings);
    const sockets: Awaited<ReturnType<typeof open>>[] = [];
    for (let count = 0; count < 700; count++) sockets.push(await open(entry));
    expect(sockets.some(({ isClosed }) => isClosed())).toBe(false);
    expect((await entry.request()).body).toBe("ok");
    await vi.waitFor(() => expect(sockets[0]!.isClosed()).toBe(true), LONG_WAIT);
    expect(await entry.connectionCount()).toBeLessThanOrEqual(700);
  });

  test("connections: those with an incomplete request are closed like idle ones", async () => {
    const entry = await startEntryWithoutTimeouts((_request, response) => void response.end("ok"), {
      maxConnections: 20,
    });
    for (let count = 0; count < 30; count++) (await open(entry)).socket.write("POST /api/trpc/x HTTP/1.1\r\nHost:");
    await sleep(50);
    expect((await entry.request()).body).toBe("ok");
    expect(await entry.connectionCount()).toBeLessThanOrEqual(10);
  });
});

test("connections: idle ones never exhaust the file descriptors of a process with a low limit", async () => {
  const { port, child, errors } = await startProcess({}, 600);
  const sockets = await Promise.all(
    Array.from({ length: 900 }, async () => {
      const socket = connect(port, "127.0.0.1").on("error", () => {});
      await Promise.race([once(socket, "connect"), once(socket, "close")]);
      return socket;
    }),
  );
  const file = await responseTo(port, "GET /file HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n");
  expect(file).toMatch(/^HTTP\/1\.1 200 [^]*\r\n\r\n(4\r\n)?true/);
  expect([child.exitCode, errors()]).toEqual([null, ""]);
  for (const socket of sockets) socket.destroy();
});

async function open(entry: TestEntry): Promise<{ socket: Socket; isClosed: () => boolean }> {
  const { port } = entry.server.address() as AddressInfo;
  const socket = connect(port, "127.0.0.1").on("error", () => {});
  let closed = false;
  socket.resume().once("close", () => (closed = true));
  onTestFinished(() => void socket.destroy());
  await once(socket, "connect");
  return { socket, isClosed: () => closed };
}
