import { connect } from "node:net";
import type { APIResponse } from "@playwright/test";
import { expect, test } from "@/e2e/kit";
import type { Calls } from "@/e2e/kit/calls";
import { expectSecurityHeaders, type ObservedResponse } from "./expect-security-headers";
import { routesIn } from "./routes";

const ROUTES = routesIn("app");
const HTTP = { isHttps: false };

interface RequestOptions {
  method?: string;
  headers?: Record<string, string>;
  data?: string | Buffer;
}

const REQUESTS: RequestOptions[] = [
  ...["GET", "HEAD", "OPTIONS", "POST", "PUT", "TRACE"].map((method) => ({ method })),
  { headers: { rsc: "1", "sec-fetch-dest": "empty" } },
];

test("security headers: every route has them for every method, for guests and members", async ({ calls, account }) => {
  expect(ROUTES).toEqual(expect.arrayContaining(["/", "/login", "/resume", "/dashboard/account", "/icon.svg"]));
  const nonces: string[] = [];
  for (const who of ["a guest", "a member"]) {
    if (who === "a member") await calls.signIn(account);
    for (const path of [...ROUTES, "/nowhere"]) {
      const asked = REQUESTS.map((options) => sendRequest(calls, path, options));
      for (const seen of await Promise.all(asked)) {
        if (/^(PUT|TRACE)/.test(seen.request)) expect(seen.status, seen.request).toBe(405);
        const nonce = expectSecurityHeaders(seen, HTTP);
        if (nonce !== null) nonces.push(nonce);
      }
    }
  }
  expect(nonces.length).toBeGreaterThan(ROUTES.length);
  expect(new Set(nonces).size, "a nonce of its own for each document").toBe(nonces.length);
});

const sameOriginJson = (origin: string) => ({ origin, "content-type": "application/json" });

const REFUSALS: [what: string, status: number, path: string, options: (origin: string) => RequestOptions][] = [
  ["a malformed URL", 400, "/%00", () => ({})],
  ["broken JSON", 400, "/api/trpc/auth.login", (ours) => ({ headers: sameOriginJson(ours), data: "{" })],
  ["a cookie that is sent twice", 400, "/dashboard", () => ({ headers: { cookie: "__acc=a; __acc=b" } })],
  ["a signed-out caller", 401, "/api/trpc/users.me", () => ({})],
  [
    "a wrong password",
    401,
    "/api/trpc/auth.login",
    (ours) => ({ headers: sameOriginJson(ours), data: wrongPassword() }),
  ],
  ["another site's call", 403, "/api/trpc/auth.logout", () => ({ headers: sameOriginJson("https://evil.test") })],
  ["an unknown procedure", 404, "/api/trpc/auth.nothing", () => ({})],
  ["an unknown static file", 404, "/_next/static/nothing.js", () => ({})],
  [
    "a body over the limit",
    413,
    "/api/trpc/auth.login",
    (ours) => ({ headers: sameOriginJson(ours), data: largeBody() }),
  ],
  ["a URL over the limit", 414, `/${"a".repeat(9_000)}`, () => ({})],
  ["a form of the same origin", 415, "/api/trpc/auth.logout", (ours) => ({ headers: { origin: ours }, data: "a=1" })],
];

for (const [what, status, path, options] of REFUSALS) {
  test(`security headers: the ${status} response to ${what} has them`, async ({ calls }) => {
    const asked = options(calls.origin);
    const seen = await sendRequest(calls, path, { ...asked, method: asked.data || status === 403 ? "POST" : "GET" });
    expect(seen.status).toBe(status);
    expectSecurityHeaders(seen, HTTP);
  });
}

test("security headers: a successful call, a static file and a login response have them", async ({
  calls,
  account,
}) => {
  const page = await calls.request.get(`${calls.origin}/login`);
  const chunk = /\/_next\/static\/[^"]+\.js/.exec(await page.text())?.[0] ?? "";
  expectSecurityHeaders(await sendRequest(calls, chunk), HTTP);
  const login = await sendRequest(calls, "/api/trpc/auth.login", {
    method: "POST",
    headers: sameOriginJson(calls.origin),
    data: JSON.stringify({ email: account.email, password: account.password }),
  });
  expect([login.status, login.headers.filter(({ name }) => /^set-cookie$/i.test(name)).length]).toEqual([200, 2]);
  expectSecurityHeaders(login, HTTP);
  expectSecurityHeaders(await sendRequest(calls, "/api/trpc/users.me"), HTTP);
});

test("security headers: the response to a malformed HTTP request has them", async ({ calls }) => {
  for (const [bytes, status] of [
    ["garbage\r\n\r\n", 400],
    ["GET / HTTP/1.1\r\nConnection: close\r\n\r\n", 400],
    ["CONNECT evil.test:443 HTTP/1.1\r\nHost: evil.test\r\n\r\n", 405],
    [`GET / HTTP/1.1\r\nHost: localhost\r\nX-A: ${"a".repeat(20_000)}\r\n\r\n`, 431],
  ] as const) {
    const seen = await sendBytes(calls.origin, bytes);
    expect(seen.status, bytes.slice(0, 20)).toBe(status);
    expectSecurityHeaders(seen, HTTP);
  }
});

test("static files: no directory is listed, and no source file or repository data is served", async ({
  calls,
  account,
}) => {
  await calls.signIn(account);
  for (const path of [
    "/_next/",
    "/_next/static/",
    "/_next/static/chunks/",
    "/app/",
    "/server/main.ts",
    "/package.json",
    "/.env",
    "/.env.local",
    "/.git/config",
    "/.next/BUILD_ID",
    "/server.js.map",
  ]) {
    const response = await calls.request.get(calls.origin + path, { maxRedirects: 5 });
    expect(response.status(), path).toBe(404);
    expect(await response.text(), path).not.toMatch(/Index of|DATABASE_URL|repositoryformatversion/);
  }
});

async function sendRequest(calls: Calls, path: string, options: RequestOptions = {}): Promise<ObservedResponse> {
  const response: APIResponse = await calls.request.fetch(calls.origin + path, { ...options, maxRedirects: 0 });
  const request = `${options.method ?? "GET"} ${path.slice(0, 60)}`;
  return { request, path, status: response.status(), headers: response.headersArray() };
}

/** Sends raw bytes, so that the request may be malformed. */
async function sendBytes(origin: string, bytes: string): Promise<ObservedResponse> {
  const { hostname, port } = new URL(origin);
  const text = await new Promise<string>((resolve, reject) => {
    let received = "";
    const socket = connect(Number(port), hostname, () => socket.write(bytes));
    socket.setEncoding("latin1").setTimeout(10_000, () => socket.destroy(new Error("no response")));
    socket.on("data", (more: string) => (received += more));
    socket.on("close", () => resolve(received)).on("error", reject);
  });
  const [statusLine = "", ...lines] = text.split("\r\n\r\n", 1)[0]?.split("\r\n") ?? [];
  const headers = lines.map((line) => {
    const colon = line.indexOf(":");
    return { name: line.slice(0, colon), value: line.slice(colon + 1).trim() };
  });
  return { request: bytes.slice(0, 30), path: "/", status: Number(statusLine.split(" ")[1]), headers };
}

function wrongPassword(): string {
  return JSON.stringify({ email: "nobody@example.test", password: "a guess of mine" });
}

function largeBody(): Buffer {
  return Buffer.alloc(70_000, "x");
}
