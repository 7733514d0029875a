import { expect, test } from "vitest";
import { requestState } from "@/server/runtime/request-state";
import { sleep, startEntry } from "./testing";

const TOKEN = "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0.c2lnbmF0dXJl";

test("request log: one line per request with client, caller, method, path, status and duration", async () => {
  const entry = await startEntry((_request, response) => {
    Object.assign(requestState.getStore() ?? {}, { sessionId: "session-1", userId: "user-1" });
    response.statusCode = 201;
    response.end();
  });
  await entry.request({ path: "/dashboard", headers: { "x-request-id": "abcd-1234" } });
  await sleep(20);
  expect(entry.logLines).toEqual([
    {
      level: "info",
      time: expect.any(String),
      msg: "request",
      requestId: "abcd-1234",
      sessionId: "session-1",
      userId: "user-1",
      method: "GET",
      path: "/dashboard",
      status: 201,
      ms: expect.any(Number),
      address: "127.0.0.1",
    },
  ]);
});

test("request log: contains no token, cookie, password or query", async () => {
  const entry = await startEntry((request, response) => {
    response.setHeader("Set-Cookie", `__ref=${TOKEN}`);
    if (request.url?.includes("broken")) throw new Error(`cannot verify ${TOKEN}`);
    response.end();
  });
  const secrets = {
    headers: { cookie: `__acc=${TOKEN}`, authorization: `Bearer ${TOKEN}` },
    body: JSON.stringify({ password: "hunter2" }),
  };
  await entry.request({ method: "POST", path: "/api/trpc/auth.login?input=hunter2", ...secrets });
  await entry.request({ method: "POST", path: "/api/trpc/broken?input=hunter2", ...secrets });
  await entry.request({ method: "PUT", path: "/login?password=hunter2", ...secrets });
  await entry.sendRaw(`GET /?hunter2 HTTP/1.1\r\nCookie: __acc=${TOKEN}\r\nbroken header hunter2\r\n\r\n`);
  await sleep(20);
  expect(entry.logLines.length).toBeGreaterThanOrEqual(5);
  expect(JSON.stringify(entry.logLines)).not.toMatch(/eyJ|hunter2/);
});

test("request log: a target that is not a path is left out, and a long path is truncated", async () => {
  const entry = await startEntry((_request, response) => void response.end());
  const host = "Host: localhost\r\nConnection: close\r\n\r\n";
  await entry.sendRaw(`GET http://ada:hunter2@localhost/ HTTP/1.1\r\n${host}`);
  await entry.sendRaw(`GET /login#access=hunter2 HTTP/1.1\r\n${host}`);
  await entry.sendRaw(`GET /${"a".repeat(5000)} HTTP/1.1\r\n${host}`);
  await sleep(20);
  expect(entry.logLines.map(({ path }) => path)).toEqual(["(no path)", "/login", `/${"a".repeat(255)}…`]);
});

test("request log: built files are logged at level debug", async () => {
  const entry = await startEntry((_request, response) => void response.end());
  await entry.request({ path: "/_next/static/a.js" });
  await sleep(20);
  expect(entry.logLines.map(({ level }) => level)).toEqual(["debug"]);
});

test("request log: concurrent requests have separate state", async () => {
  const entry = await startEntry(async (request, response) => {
    await sleep(10);
    Object.assign(requestState.getStore() ?? {}, { userId: request.url });
    response.end();
  });
  await Promise.all(["/a", "/b", "/c"].map((path) => entry.request({ path })));
  await sleep(20);
  for (const line of entry.logLines) expect(line["userId"]).toBe(line["path"]);
});
