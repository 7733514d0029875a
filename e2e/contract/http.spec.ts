import { expect, test } from "@/e2e/kit";
import { readCallResponse, type Calls } from "@/e2e/kit/calls";

const MUTATIONS = ["auth.logout", "auth.logoutAll", "auth.refresh", "sessions.revokeOthers"] as const;

/** Requests that a page of another site can make a browser send, and wrong content types. */
const REJECTED_REQUESTS: [what: string, headers: Record<string, string>, status: number][] = [
  ["a multipart form", { origin: "https://evil.test", "content-type": "multipart/form-data; boundary=x" }, 403],
  ["plain text", { origin: "https://evil.test", "content-type": "text/plain" }, 403],
  ["no content type", { origin: "https://evil.test" }, 403],
  ["JSON", { origin: "https://evil.test", "content-type": "application/json" }, 403],
  ["JSON from the origin null", { origin: "null", "content-type": "application/json" }, 403],
  ["JSON without an Origin header", { "content-type": "application/json" }, 403],
  [
    "JSON from the same site but another origin",
    { "sec-fetch-site": "same-site", "content-type": "application/json" },
    403,
  ],
  ["JSON from another port", { origin: "http://localhost:1", "content-type": "application/json" }, 403],
  ["a multipart form of the same origin", { origin: "self", "content-type": "multipart/form-data; boundary=x" }, 415],
  ["plain text of the same origin", { origin: "self", "content-type": "text/plain" }, 415],
  ["no content type of the same origin", { origin: "self" }, 415],
];

for (const [what, headers, status] of REJECTED_REQUESTS) {
  test(`cross-site request: ${what} is answered ${status} and not executed`, async ({ calls, account }) => {
    await signIn(calls, account);
    for (const procedure of MUTATIONS) {
      const response = await post(calls, procedure, {
        ...headers,
        ...(headers.origin === "self" && { origin: calls.origin }),
      });
      expect([response.status, response.error?.reason], response.text).toEqual([
        status,
        status === 403 ? "ORIGIN_REFUSED" : "NOT_JSON",
      ]);
      expect(response.setCookies).toEqual([]);
    }
    expect((await calls.query("users.me")).status).toBe(200);
  });
}

test("cross-site request: a mutation without an Origin header is accepted if Sec-Fetch-Site says same-origin", async ({
  calls,
  account,
}) => {
  await signIn(calls, account);
  const response = await post(calls, "auth.logout", {
    "sec-fetch-site": "same-origin",
    "content-type": "application/json",
  });
  expect(response.status, response.text).toBe(200);
});

test("methods: GET executes no mutation, and methods that are not listed are answered 405", async ({
  calls,
  account,
}) => {
  await signIn(calls, account);
  for (const procedure of MUTATIONS) {
    const response = await readCallResponse(await calls.request.get(`${calls.origin}/api/trpc/${procedure}`));
    expect([response.status, response.error?.reason], response.text).toEqual([405, "METHOD_NOT_ALLOWED"]);
    expect(response.setCookies).toEqual([]);
  }
  for (const method of ["PUT", "PATCH", "DELETE", "PROPFIND"]) {
    for (const path of ["/api/trpc/users.me", "/dashboard", "/login", "/health"]) {
      const response = await calls.request.fetch(calls.origin + path, { method, headers: { origin: calls.origin } });
      expect(response.status(), `${method} ${path}`).toBe(405);
      expect(response.headers().allow).toMatch(/GET/);
    }
  }
  const posted = await calls.request.post(`${calls.origin}/login`, { data: "x", headers: { origin: calls.origin } });
  expect(posted.status()).toBe(405);
  expect((await calls.query("users.me")).status).toBe(200);
});

test("body: more than 64 kB is answered 413 before it is parsed", async ({ calls }) => {
  const response = await calls.mutate("auth.login", { email: "a@b.c", password: "x".repeat(70_000) });
  expect([response.status, response.error?.reason]).toEqual([413, "TOO_LARGE"]);
});

test("batch: at most ten calls are accepted, and login or logout inside one is rejected", async ({
  calls,
  account,
}) => {
  await signIn(calls, account);
  const batch = async (names: string[]) =>
    calls.request.get(`${calls.origin}/api/trpc/${names.join(",")}?batch=1&input=%7B%7D`);
  const ten = await batch(Array<string>(10).fill("users.me"));
  expect(ten.status()).toBe(200);
  expect(await ten.json()).toHaveLength(10);
  expect((await batch(Array<string>(11).fill("users.me"))).status()).toBe(400);

  for (const names of [
    ["auth.login", "auth.login"],
    ["auth.logout", "users.update"],
    ["users.me", "auth%2Elogout"],
  ]) {
    const response = await calls.request.post(`${calls.origin}/api/trpc/${names.join(",")}?batch=1`, {
      headers: { origin: calls.origin, "content-type": "application/json" },
      data: {
        0: { email: account.email, password: account.password },
        1: { email: account.email, password: account.password },
      },
    });
    expect(response.status(), names.join()).toBe(400);
    expect(response.headers()["set-cookie"]).toBeUndefined();
  }
  expect((await calls.query("users.me")).status).toBe(200);
});

test("cookies: a cookie that is sent twice is rejected", async ({ calls }) => {
  const response = await calls.query("users.me", undefined, { cookie: "__ref=a; __ref=b" });
  expect([response.status, response.error?.reason]).toEqual([400, "BAD_INPUT"]);
});

test("procedures: an unknown name is answered 404 without further details", async ({ calls }) => {
  for (const name of ["users.everybody", "auth", "constructor", "__proto__.x", "toString"]) {
    const response = await readCallResponse(await calls.request.get(`${calls.origin}/api/trpc/${name}`));
    expect([response.status, response.error?.reason, Object.keys(response.error ?? {}).sort()], response.text).toEqual([
      404,
      "NOT_FOUND",
      ["code", "httpStatus", "message", "reason", "requestId"],
    ]);
  }
});

test("request id: a well-formed one is kept, any other is replaced, and errors contain it", async ({ calls }) => {
  const kept = await calls.query("users.me", undefined, { "x-request-id": "0123-from-outside" });
  expect([kept.headers["x-request-id"], kept.error?.requestId]).toEqual(["0123-from-outside", "0123-from-outside"]);
  for (const id of ["<script>", "x", "a".repeat(65), "a b c d e f g"]) {
    const response = await calls.query("users.me", undefined, { "x-request-id": id });
    expect(response.headers["x-request-id"]).toMatch(/^[0-9a-f-]{36}$/);
  }
  for (const path of ["/login", "/health", "/nowhere", "/_next/static/nothing.js"]) {
    expect((await calls.request.get(calls.origin + path)).headers()["x-request-id"], path).toMatch(/^[0-9a-f-]{36}$/);
  }
});

test("health: the endpoints answer without a session and set no cookie", async ({ calls }) => {
  for (const path of ["/health", "/api/health/live", "/api/health/ready"]) {
    const response = await calls.request.get(calls.origin + path, { headers: { cookie: "__acc=x; __ref=y" } });
    expect([response.status(), await response.json()], path).toEqual([200, { ok: true }]);
    expect(response.headers()["set-cookie"], path).toBeUndefined();
  }
});

test("forged headers: a client can choose neither its address nor its identity", async ({ calls, account }) => {
  const claims = {
    "x-forwarded-for": "203.0.113.9",
    "x-real-ip": "203.0.113.9",
    forwarded: "for=203.0.113.9",
    "x-portcullis-address": "203.0.113.9",
    "x-portcullis-path": "/login",
    "x-user": "root",
  };
  await signIn(calls, account, claims);
  expect((await calls.query("sessions.list", undefined, claims)).data).toMatchObject([{ ip: "127.0.0.1" }]);
});

test("headers: every kind of response has the security headers", async ({ calls }) => {
  for (const path of ["/login", "/dashboard", "/nowhere", "/api/trpc/users.me", "/health", "/maintenance?status=503"]) {
    const headers = (await calls.request.get(calls.origin + path, { maxRedirects: 0 })).headers();
    expect(headers, path).toMatchObject({
      "x-content-type-options": "nosniff",
      "x-frame-options": "DENY",
      "referrer-policy": expect.any(String),
      "permissions-policy": expect.any(String),
      "cross-origin-opener-policy": "same-origin",
      "content-security-policy": expect.stringContaining("default-src 'none'"),
    });
    expect(headers["x-powered-by"], path).toBeUndefined();
    expect(headers["access-control-allow-origin"], path).toBeUndefined();
  }
});

async function signIn(calls: Calls, { email, password }: { email: string; password: string }, headers = {}) {
  expect((await calls.mutate("auth.login", { email, password }, headers)).status).toBe(200);
}

/** Sends exactly these headers, without those that the app's own pages add. */
async function post(calls: Calls, procedure: string, headers: Record<string, string>) {
  const url = `${calls.origin}/api/trpc/${procedure}`;
  return readCallResponse(await calls.request.fetch(url, { method: "POST", headers, data: Buffer.alloc(0) }));
}
