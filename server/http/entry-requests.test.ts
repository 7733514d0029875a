import type { IncomingHttpHeaders } from "node:http";
import { describe, expect, test, vi } from "vitest";
import { echoHeaders, startEntry, type TestEntry } from "./testing";

type Seen = IncomingHttpHeaders & { url: string; method: string };

async function headersSeenBy(
  settings: Parameters<typeof startEntry>[1],
  ...args: Parameters<TestEntry["request"]>
): Promise<Seen> {
  const entry = await startEntry(echoHeaders, settings);
  return JSON.parse((await entry.request(...args)).body) as Seen;
}

describe("client address: a client cannot spoof it", () => {
  const forged = { "x-forwarded-for": "6.6.6.6", "x-real-ip": "6.6.6.6", "x-portcullis-address": "6.6.6.6" };

  test("client address: without proxies it is that of the socket", async () => {
    const seen = await headersSeenBy({}, { headers: { ...forged, forwarded: "for=6.6.6.6" } });
    expect(seen["x-portcullis-address"]).toBe("127.0.0.1");
    expect(seen["x-forwarded-for"]).toBe("127.0.0.1");
    expect(JSON.stringify(seen)).not.toContain("6.6.6.6");
  });

  test("client address: behind a proxy it is the X-Forwarded-For entry added by the proxy", async () => {
    const headers = { "x-forwarded-for": ["6.6.6.6, 7.7.7.7", "198.51.100.1"] };
    const seen = await headersSeenBy({ TRUSTED_PROXY_HOPS: 1 }, { headers });
    expect(seen["x-portcullis-address"]).toBe("198.51.100.1");
    expect(seen["x-forwarded-for"]).toBe("198.51.100.1");
  });

  test("client address: many header lines cannot displace the proxy's entry", async () => {
    const entry = await startEntry(echoHeaders, { TRUSTED_PROXY_HOPS: 1 });
    const many = "P: \r\n".repeat(2500);
    const lines = `X-Forwarded-For: 6.6.6.6\r\n${many}X-Forwarded-For: 198.51.100.1\r\n`;
    const response = await entry.sendRaw(`GET / HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n${lines}\r\n`);
    expect(response).toContain('"x-portcullis-address":"198.51.100.1"');
  });

  test("client address: a request that bypasses the proxies has that of the socket", async () => {
    const seen = await headersSeenBy({ TRUSTED_PROXY_HOPS: 2 }, { headers: forged });
    expect(seen["x-portcullis-address"]).toBe("127.0.0.1");
  });
});

test("forwarded headers: host and scheme are those of APP_ORIGIN, not of the request", async () => {
  const headers = { host: "evil.test", "x-forwarded-host": "evil.test", "x-forwarded-proto": "gopher" };
  const seen = await headersSeenBy({ APP_ORIGIN: "https://app.example.com" }, { headers });
  expect(seen).toMatchObject({
    host: "app.example.com",
    "x-forwarded-host": "app.example.com",
    "x-forwarded-port": "443",
    "x-forwarded-proto": "https",
  });
  expect(JSON.stringify(seen)).not.toMatch(/evil|gopher/);
});

test("forwarded headers: spoofable headers are removed, browser headers are kept", async () => {
  const seen = await headersSeenBy(
    {},
    { headers: { "x-user": "root", "next-action": "a", accept: "text/html", cookie: "a=b" } },
  );
  expect(seen).toMatchObject({ accept: "text/html", cookie: "a=b" });
  expect(seen).not.toHaveProperty("x-user");
  expect(seen).not.toHaveProperty("next-action");
});

test("forwarded headers: the policy has the nonce of the response, new for each request", async () => {
  const nonceIn = (policy: unknown) => /'nonce-([^']+)'/.exec(String(policy))?.[1];
  let given: string | undefined;
  const entry = await startEntry((request, response) => {
    given = nonceIn(request.headers["content-security-policy"]);
    response.setHeader("Content-Type", "text/html").end();
  });
  const options = { headers: { "content-security-policy": "script-src 'nonce-evil'" } };
  const first = await entry.request(options);
  expect(given).toBe(nonceIn(first.headers["content-security-policy"]));
  expect(given).not.toBe("evil");
  const second = await entry.request(options);
  expect(nonceIn(second.headers["content-security-policy"])).not.toBe(
    nonceIn(first.headers["content-security-policy"]),
  );
});

test("request id: a valid one of the client is forwarded to the app and sent in the response", async () => {
  const entry = await startEntry(echoHeaders);
  const { headers, body } = await entry.request({ headers: { "x-request-id": "abcd-1234" } });
  expect(headers["x-request-id"]).toBe("abcd-1234");
  expect(JSON.parse(body)["x-request-id"]).toBe("abcd-1234");
});

test("request id: the app cannot replace it in the response", async () => {
  const entry = await startEntry((_request, response) => void response.setHeader("x-request-id", "other-id").end());
  const { headers } = await entry.request({ headers: { "x-request-id": "abcd-1234" } });
  expect(headers["x-request-id"]).toBe("abcd-1234");
});

test.each([
  ["/dashboard?tab=1&_rsc=abc", {}, "/dashboard?tab=1", "document"],
  ["/dashboard?_rsc=abc", { rsc: "1" }, "/dashboard", "soft"],
  ["/dashboard", { "sec-fetch-dest": "empty" }, "/dashboard", "soft"],
  ["/api/trpc/users.me", {}, "/api/trpc/users.me", "call"],
])("forwarded headers: path and kind of %s with %o", async (path, headers, seenPath, kind) => {
  const seen = await headersSeenBy({}, { path, headers });
  expect(seen).toMatchObject({ "x-portcullis-path": seenPath, "x-portcullis-kind": kind, url: path });
});

test("request target: unreserved characters are decoded before the path is classified", async () => {
  const seen = await headersSeenBy({}, { path: "/%64ashboard%2D%7e/%2F%C3%BC?a=%62" });
  expect(seen).toMatchObject({
    url: "/dashboard-~/%2F%C3%BC?a=%62",
    "x-portcullis-path": "/dashboard-~/%2F%C3%BC?a=%62",
  });
  const call = await headersSeenBy({}, { method: "POST", path: "/%61pi/tr%70c/users.me" });
  expect(call).toMatchObject({ url: "/api/trpc/users.me", "x-portcullis-kind": "call" });
});

test("calls: a path that names no procedure is a JSON 404 from the entry", async () => {
  const app = vi.fn();
  const entry = await startEntry(app);
  for (const path of ["/api/trpc", "/api/trpc/", "/api/trpc//users.me", "/api/trpc/users/me", "/api/trpc/users.me/"]) {
    const { status, body } = await entry.request({ path });
    expect([status, JSON.parse(body).error.data.reason], path).toEqual([404, "NOT_FOUND"]);
  }
  expect(app).not.toHaveBeenCalled();
});

test("framework: its internal paths are 404 from the entry", async () => {
  const app = vi.fn();
  const entry = await startEntry(app);
  for (const path of [
    "/_global-error",
    "/_error",
    "/_not-found",
    "/%5Fglobal-error",
    "/500",
    "/404",
    "/_next/image?url=%2Ficon.svg",
    "/_next/data/x/api/trpc/users.me.json",
  ]) {
    expect((await entry.request({ path })).status, path).toBe(404);
  }
  expect(app).not.toHaveBeenCalled();
});

test("forwarded headers: a valid router state is forwarded, an invalid one is removed", async () => {
  const name = "next-router-state-tree";
  const good = encodeURIComponent(JSON.stringify(["", { children: ["__PAGE__", {}] }]));
  expect(await headersSeenBy({}, { headers: { [name]: good } })).toHaveProperty(name, good);
  for (const bad of ["%5B%22", "{}", "%"]) {
    const seen = await headersSeenBy({}, { headers: { [name]: bad } });
    expect(seen, bad).not.toHaveProperty(name);
    expect(seen["x-portcullis-kind"]).toBe("soft");
  }
});

test("forwarded headers: router headers reach pages only", async () => {
  const headers = { rsc: "1", "next-router-prefetch": "1", "next-url": "/dashboard" };
  expect(await headersSeenBy({}, { path: "/dashboard", headers })).toMatchObject(headers);
  for (const path of ["/api/trpc/users.me", "/health", "/icon.svg"]) {
    const seen = await headersSeenBy({}, { path, headers });
    for (const name of Object.keys(headers)) expect(seen, path).not.toHaveProperty(name);
  }
});

describe("rejected requests: the app does not receive them", () => {
  const host = "Host: localhost\r\nConnection: close";
  test.each([
    ["a second Host header", `GET / HTTP/1.1\r\n${host}\r\nHost: evil.test\r\n\r\n`, 400],
    ["a missing Host header", "GET / HTTP/1.0\r\n\r\n", 400],
    ["two Origin headers", `POST /api/trpc/x HTTP/1.1\r\n${host}\r\nOrigin: a\r\nOrigin: b\r\n\r\n`, 400],
    [
      "two Content-Type headers",
      `POST /api/trpc/x HTTP/1.1\r\n${host}\r\nContent-Type: a\r\nContent-Type: b\r\n\r\n`,
      400,
    ],
    ["a duplicate session cookie", `GET / HTTP/1.1\r\n${host}\r\nCookie: __acc=a; __acc=b\r\n\r\n`, 400],
    [
      "a duplicate session cookie in two lines",
      `GET / HTTP/1.1\r\n${host}\r\nCookie: __ref=a\r\nCookie: __ref=b\r\n\r\n`,
      400,
    ],
    ["an absolute URL", `GET http://evil.test/ HTTP/1.1\r\n${host}\r\n\r\n`, 400],
    ["a parent segment", `GET /_next/static/../../dashboard HTTP/1.1\r\n${host}\r\n\r\n`, 400],
    ["an incomplete percent-encoding", `GET /% HTTP/1.1\r\n${host}\r\n\r\n`, 400],
    ["a nested percent-encoding", `GET /%%36%31 HTTP/1.1\r\n${host}\r\n\r\n`, 400],
    ["a backslash", `GET /\\evil.test HTTP/1.1\r\n${host}\r\n\r\n`, 400],
    ["a raw byte above ASCII", `GET /caf\u00e9 HTTP/1.1\r\n${host}\r\n\r\n`, 400],
    ["TRACE", `TRACE / HTTP/1.1\r\n${host}\r\n\r\n`, 405],
    ["CONNECT", `CONNECT localhost:22 HTTP/1.1\r\n${host}\r\n\r\n`, 405],
    ["POST on a page", `POST /login HTTP/1.1\r\n${host}\r\nContent-Length: 0\r\n\r\n`, 405],
    ["PUT on a page", `PUT /dashboard HTTP/1.1\r\n${host}\r\nContent-Length: 0\r\n\r\n`, 405],
    ["DELETE on a call", `DELETE /api/trpc/x HTTP/1.1\r\n${host}\r\n\r\n`, 405],
    ["POST on health", `POST /api/health/live HTTP/1.1\r\n${host}\r\nContent-Length: 0\r\n\r\n`, 405],
    ["OPTIONS on a call", `OPTIONS /api/trpc/x HTTP/1.1\r\n${host}\r\n\r\n`, 405],
    ["OPTIONS *", `OPTIONS * HTTP/1.1\r\n${host}\r\n\r\n`, 400],
    [
      "a WebSocket upgrade",
      "GET / HTTP/1.1\r\nHost: localhost\r\nConnection: close, Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n",
      400,
    ],
  ])("rejected request: %s", async (_name, bytes, status) => {
    const app = vi.fn();
    const entry = await startEntry(app);
    expect(await entry.sendRaw(bytes)).toMatch(new RegExp(`^HTTP/1\\.[01] ${status} `));
    expect(app).not.toHaveBeenCalled();
  });
});

test("upgrade: one to another protocol than WebSocket is ignored", async () => {
  const entry = await startEntry(echoHeaders);
  const reply = await entry.sendRaw("GET / HTTP/1.1\r\nHost: a\r\nConnection: close, Upgrade\r\nUpgrade: h2c\r\n\r\n");
  expect(reply).toMatch(/^HTTP\/1\.1 200 /);
});
