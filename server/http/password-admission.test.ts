import { once } from "node:events";
import { connect, type AddressInfo } from "node:net";
import { describe, expect, onTestFinished, test, vi } from "vitest";
import { hashConcurrency } from "@/server/runtime/concurrency-limiter";
import type { App } from "./entry";
import { hashesPassword } from "./password-admission";
import { sleep, startEntry, type TestEntry } from "./testing";

vi.setConfig({ testTimeout: 30_000 });
const ADMITTED = 3 * hashConcurrency();
const LONG_WAIT = { timeout: 10_000, interval: 20 };
const LOGIN = { method: "POST", path: "/api/trpc/auth.login", body: "{}" };

/** An app that responds when the test tells it to, and counts the requests that it receives. */
function slowApp() {
  const responses: (() => void)[] = [];
  const seen = { received: 0 };
  const app = vi.fn((request, response) => {
    if (!request.url.includes("auth.login")) return response.end("at once");
    seen.received += 1;
    responses.push(() => response.end("signed in"));
  });
  const respondToAll = async () => {
    while (responses.length > 0) {
      responses.splice(0).forEach((response) => response());
      await sleep(20);
    }
  };
  return { app, seen, responses, respondToAll };
}

test.each<[string, string, boolean]>([
  ["POST", "/api/trpc/auth.login", true],
  ["POST", "/api/trpc/auth.register", true],
  ["POST", "/api/trpc/users.me,users.changePassword", true],
  ["POST", "/api/trpc/auth.stepUp", true],
  ["POST", "/api/trpc/%61uth.login", true],
  ["POST", "/api/trpc/auth%2elogin", true],
  ["GET", "/api/trpc/auth.login", false],
  ["HEAD", "/api/trpc/users.changePassword", false],
  ["OPTIONS", "/api/trpc/auth.login", false],
  ["POST", "/api/trpc/auth.login.more", false],
  ["POST", "/api/trpc/not.auth.login", false],
  ["POST", "/api/trpc/constructor", false],
  ["POST", "/api/trpc/%ff", false],
  ["POST", "/api/trpc/auth.refresh", false],
  ["POST", "/api/trpc/auth.session", false],
  ["POST", "/login", false],
  ["POST", "/dashboard/auth.login", false],
])("hashesPassword: %s %s is %s", (method, path, does) => {
  expect(hashesPassword(method, path)).toBe(does);
});

test("password admission: of 256 concurrent logins the app receives 3 per hash, 64 wait, and the rest are 503 with Retry-After", async () => {
  const { app, seen, respondToAll } = slowApp();
  const entry = await startEntry(app);
  const logins = Array.from({ length: 256 }, () => entry.request(LOGIN));
  await vi.waitFor(
    () => expect(entry.logLines.filter(({ status }) => status === 503)).toHaveLength(256 - ADMITTED - 64),
    LONG_WAIT,
  );
  expect(seen.received).toBe(ADMITTED);
  expect((await entry.request({ path: "/api/trpc/auth.session" })).body).toBe("at once");

  await respondToAll();
  const answered = await Promise.all(logins);
  expect(answered.filter(({ status }) => status === 200)).toHaveLength(ADMITTED + 64);
  const refused = answered.find(({ status }) => status === 503)!;
  expect(refused.headers["retry-after"]).toBe("4");
  expect(JSON.parse(refused.body).error.data).toMatchObject({ reason: "UNAVAILABLE", retryAfterSeconds: 4 });
});

test("password admission: a disconnected client releases its slot, in the app and in the queue", async () => {
  const { app, seen, responses, respondToAll } = slowApp();
  const entry = await startEntry(app);
  const { port } = entry.server.address() as AddressInfo;
  const disconnecting = Array.from({ length: ADMITTED + 5 }, () => {
    const socket = connect(port, "127.0.0.1").on("error", () => {});
    socket.write("POST /api/trpc/auth.login HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\n\r\n{}");
    return socket;
  });
  await vi.waitFor(() => expect(seen.received).toBe(ADMITTED), LONG_WAIT);
  await sleep(50);
  const remaining = entry.request(LOGIN);
  await sleep(50);
  for (const socket of disconnecting) socket.destroy();
  await vi.waitFor(() => expect(seen.received).toBe(ADMITTED + 1), LONG_WAIT);
  expect(responses).toHaveLength(ADMITTED + 1);
  await respondToAll();
  expect((await remaining).status).toBe(200);
});

test("password admission: a failed call releases its slot", async () => {
  const entry = await startEntry(() => Promise.reject(new Error("a bug")));
  for (let count = 0; count < ADMITTED + 2; count++) expect((await entry.request(LOGIN)).status).toBe(500);
});

describe("password admission: pipelined requests", () => {
  const post = "POST /api/trpc/auth.login HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\n\r\n{}";
  const get = (path: string) => `GET ${path} HTTP/1.1\r\nHost: a\r\n\r\n`;

  async function connectTo(entry: TestEntry) {
    const socket = connect((entry.server.address() as AddressInfo).port, "127.0.0.1").on("error", () => {});
    onTestFinished(() => void socket.destroy());
    await once(socket, "connect");
    return socket;
  }

  /** An app that never responds, or responds to logins only. */
  function hungApp(respondsToLogins: boolean) {
    const seen = { first: 0, logins: 0 };
    const app: App = (request, response) => {
      if (!request.url?.includes("auth.login")) return void seen.first++;
      seen.logins += 1;
      if (respondsToLogins) response.end("answered");
    };
    return { app, seen };
  }

  test.each([0, 1, 5, 20])(
    "password admission: all slots are released when a pipelined connection is reset after %i ms",
    async (delay) => {
      const { app, seen } = hungApp(false);
      const entry = await startEntry(app);
      for (let round = 0; round < 3; round++) {
        const socket = await connectTo(entry);
        socket.write(get("/login") + post.repeat(ADMITTED + 1));
        await sleep(delay);
        socket.resetAndDestroy();
      }
      await vi.waitFor(async () => expect(await entry.connectionCount()).toBe(0), LONG_WAIT);
      const before = seen.logins;
      const remaining = await connectTo(entry);
      remaining.write(post.repeat(ADMITTED));
      await vi.waitFor(() => expect(seen.logins).toBe(before + ADMITTED), LONG_WAIT);
    },
  );

  test("password admission: an ended response that is not sent yet holds no slot", async () => {
    const { app, seen } = hungApp(true);
    const entry = await startEntry(app);
    const socket = await connectTo(entry);
    socket.write(get("/login") + post.repeat(ADMITTED));
    await vi.waitFor(() => expect(seen.logins).toBe(ADMITTED), LONG_WAIT);
    expect((await entry.request(LOGIN)).body).toBe("answered");
  });

  test("password admission: methods other than POST take no slot", async () => {
    const { app, seen } = hungApp(false);
    const entry = await startEntry(app);
    const socket = await connectTo(entry);
    socket.write(get("/login") + get("/api/trpc/auth.login").repeat(2 * ADMITTED));
    await vi.waitFor(() => expect(seen.logins).toBe(2 * ADMITTED), LONG_WAIT);
  });
});
