import { describe, expect, test } from "vitest";
import { readSession } from "@/db/testing";
import { later, signedInSession, T0, useAppDatabase } from "@/server/auth/db-testing";
import { call, fromElsewhere, get, ORIGIN, type CallOptions } from "./testing";
import { closeDatabase } from "@/server/runtime/database";

const database = useAppDatabase();

describe("cross-site requests are refused and not executed", () => {
  const FORM = "multipart/form-data; boundary=x";
  test.each<[string, number, string, CallOptions]>([
    [
      "a form from another site",
      403,
      "ORIGIN_REFUSED",
      { headers: { origin: "https://evil.test", "content-type": FORM }, body: "--x--" },
    ],
    [
      "a form without a word about its origin",
      403,
      "ORIGIN_REFUSED",
      { headers: { origin: null, "content-type": FORM }, body: "--x--" },
    ],
    [
      "a form from a hidden origin",
      403,
      "ORIGIN_REFUSED",
      { headers: { origin: "null", "content-type": FORM }, body: "--x--" },
    ],
    [
      "text from another site",
      403,
      "ORIGIN_REFUSED",
      { headers: { origin: "https://evil.test", "content-type": "text/plain" }, body: "{}" },
    ],
    [
      "nothing at all from another site",
      403,
      "ORIGIN_REFUSED",
      { headers: { origin: "https://evil.test", "content-type": null } },
    ],
    ["JSON from another site", 403, "ORIGIN_REFUSED", { headers: { origin: "https://evil.test" }, input: {} }],
    ["JSON from our host on another port", 403, "ORIGIN_REFUSED", { headers: { origin: "http://localhost:3001" } }],
    ["JSON from a site next door", 403, "ORIGIN_REFUSED", { headers: { origin: null, "sec-fetch-site": "same-site" } }],
    [
      "our own claim beside another origin",
      403,
      "ORIGIN_REFUSED",
      { headers: { origin: "https://evil.test", "sec-fetch-site": "same-origin" } },
    ],
    ["a form of our own", 415, "NOT_JSON", { headers: { "content-type": FORM }, body: "--x--" }],
    [
      "a form of the other kind",
      415,
      "NOT_JSON",
      { headers: { "content-type": "application/x-www-form-urlencoded" }, body: "a=b" },
    ],
    ["text of our own", 415, "NOT_JSON", { headers: { "content-type": "text/plain" }, body: "{}" }],
    ["nothing of our own, without a type", 415, "NOT_JSON", { headers: { "content-type": null } }],
    [
      "JSON in the name alone",
      415,
      "NOT_JSON",
      { headers: { "content-type": "text/plain; application/json" }, body: "{}" },
    ],
    ["something like JSON", 415, "NOT_JSON", { headers: { "content-type": "application/jsonp" }, body: "{}" }],
    ["broken JSON", 400, "BAD_INPUT", { body: "{" }],
    ["half of it", 400, "BAD_INPUT", { body: '{"a":' }],
    ["something behind it", 400, "BAD_INPUT", { body: "{} {}" }],
    ["too much of an input", 400, "BAD_INPUT", { input: { all: true } }],
  ])("%s", async (_, status, reason, asked) => {
    const session = await signedInSession(database.db, T0);
    for (const path of ["auth.logout", "auth.logoutAll", "auth.refresh", "sessions.revokeOthers"]) {
      const answer = await call(path, { cookie: session, now: later(600), ...asked });
      expect(answer.status, path).toBe(status);
      expect(answer.data, path).toMatchObject({ reason, httpStatus: status, requestId: "request-1" });
    }
    expect(await readSession(database.db, session.id)).toMatchObject({ revokedAt: null });
  });

  test("the origin is checked before authentication: a cross-site request without a session gets the same response", async () => {
    expect(await call("auth.logout", { headers: { origin: "https://evil.test" } })).toMatchObject({
      status: 403,
      cookies: [],
    });
    expect(await call("auth.nothing", { headers: { origin: null } })).toMatchObject({ status: 403 });
  });

  test("mutations are not executed for GET", async () => {
    const session = await signedInSession(database.db, T0);
    for (const path of ["auth.logout", "auth.logoutAll", "sessions.revokeOthers"]) {
      const answer = await get(path, { cookie: session });
      expect(answer).toMatchObject({ status: 405, cookies: [] });
      expect(answer.data.reason).toBe("METHOD_NOT_ALLOWED");
    }
    expect((await readSession(database.db, session.id)).revokedAt).toBeNull();
  });
});

test("a same-origin request is accepted by its Origin or its Sec-Fetch-Site header", async () => {
  const beliefs: Record<string, string | null>[] = [
    { origin: ORIGIN },
    { origin: null, "sec-fetch-site": "same-origin" },
  ];
  for (const headers of beliefs) {
    expect(await call("auth.logout", { headers })).toMatchObject({ status: 200 });
  }
});

describe("batches", () => {
  test("of queries are answered together with one authentication", async () => {
    const session = await signedInSession(database.db, T0);
    const answer = await get("auth.session,users.me,sessions.list?batch=1&input=%7B%7D", { cookie: session });
    expect(answer.status).toBe(200);
    expect(answer.json).toHaveLength(3);
  });

  test.each<Record<string, string>>([
    { "trpc-accept": "application/jsonl" },
    { accept: "application/jsonl" },
    { accept: "application/jsonl, */*", "trpc-accept": "application/json" },
  ])("are not streamed even if streaming is requested, as cookies are known only at the end: %o", async (headers) => {
    const query = `users.me,sessions.list?batch=1&input=${encodeURIComponent("{}")}`;
    const { refreshToken } = await signedInSession(database.db, T0);
    const answer = await get(query, { cookie: { refreshToken }, headers, now: later(570) });
    expect(answer.json).toHaveLength(2);
    expect(answer.cookies.map((cookie) => cookie.split("=")[0])).toEqual(["__acc", "__ref"]);

    const session = await signedInSession(database.db, T0);
    const input = { 0: { fullName: "Ada Lovelace" } };
    expect((await call("users.update?batch=1", { cookie: session, headers, input })).cookies).toHaveLength(1);
    expect((await get(query, { headers })).status).toBe(401);
  });

  test.each([
    ["two logins", "auth.login,auth.login?batch=1"],
    ["a login among other calls", "users.update,auth.login?batch=1"],
    ["a login after an encoded comma", "users.update%2Cauth.login?batch=1"],
    ["percent-encoded logins", "%61uth.login,auth%2elogin?batch=1"],
    ["a logout", "auth.logout,auth.logout?batch=1"],
    ["ten password changes", `${Array(10).fill("users.changePassword").join(",")}?batch=1`],
    ["a password change after the name of a query", "users.me,users.change%50assword?batch=1"],
    ["a password change and a trailing slash", "users.update,users.changePassword/?batch=1"],
    ["the revocation of a session", "users.update,sessions.revoke?batch=1"],
    ["the revocation of other sessions", "sessions.revokeOthers,users.update?batch=1"],
    ["eleven calls", `${Array(11).fill("users.update").join(",")}?batch=1`],
    ["a hundred calls", `${Array(100).fill("users.update").join("%2c")}?batch=1`],
  ])("with %s are refused as a whole", async (_, path) => {
    const session = await signedInSession(database.db, T0);
    const answer = await call(path, { cookie: session, input: { 0: {}, 1: {} } });
    expect(answer).toMatchObject({ status: 400, cookies: [] });
    expect(answer.data.reason).toBe("BAD_INPUT");
    expect((await readSession(database.db, session.id)).revokedAt).toBeNull();
  });
});

describe("an unknown procedure", () => {
  test.each([
    "auth.nothing",
    "nothing",
    "auth",
    "auth.login.x",
    "__proto__",
    "auth.__proto__",
    "constructor",
    "auth.toString",
  ])("%s is answered with 404", async (path) => {
    for (const answer of [await call(path), await get(path)]) {
      expect(answer.status).toBe(404);
      expect(answer.data.reason).toBe("NOT_FOUND");
    }
  });
});

describe("every refusal has its status and reason", () => {
  test.each<[string, number, string, string, unknown]>([
    ["a wrong password", 401, "INVALID_CREDENTIALS", "auth.login", { email: "nobody@example.test", password: "x" }],
    ["a bad email", 400, "BAD_INPUT", "auth.login", { email: "nobody", password: "x" }],
    ["an email that is a number", 400, "BAD_INPUT", "auth.login", { email: 7, password: "x" }],
    ["an email that is an object", 400, "BAD_INPUT", "auth.login", { email: { $ne: null }, password: "x" }],
    ["an email that is a list", 400, "BAD_INPUT", "auth.login", { email: ["a@example.test"], password: "x" }],
    ["a password that is an object", 400, "BAD_INPUT", "auth.login", { email: "a@example.test", password: {} }],
    [
      "a weak password",
      400,
      "WEAK_PASSWORD",
      "auth.register",
      { email: "w@example.test", fullName: "W", password: "password12" },
    ],
    ["no session to refresh", 401, "SIGNED_OUT", "auth.refresh", undefined],
  ])("%s: %i %s", async (_, status, reason, path, input) => {
    const answer = await call(path, { input, headers: fromElsewhere() });
    expect(answer.status).toBe(status);
    expect(answer.data).toMatchObject({ httpStatus: status, reason, requestId: "request-1" });
  });

  test("a refusal of the input names the invalid fields", async () => {
    const input = { email: "nobody", fullName: "", password: "", admin: true };
    const { data } = await call("auth.register", { input, headers: fromElsewhere() });
    expect(Object.keys(data.fields).sort()).toEqual(["admin", "email", "fullName", "password"]);
  });

  test("a rate limit returns the time to wait, also in the header", async () => {
    const headers = fromElsewhere();
    const input = { email: "patience@example.test", password: "x" };
    for (let count = 0; count < 10; count++) await call("auth.login", { input, headers });
    const answer = await call("auth.login", { input, headers });
    expect(answer.status).toBe(429);
    expect(answer.data).toMatchObject({ reason: "RATE_LIMITED", retryAfterSeconds: 60 });
    expect(answer.headers.get("retry-after")).toBe("60");
  });

  test("a rate-limited refresh in the gate returns the time to wait", async () => {
    const session = await signedInSession(database.db, T0);
    for (let count = 0; count < 60; count++)
      await call("auth.refresh", { cookie: session, now: later(700 + count / 100) });
    const answer = await get("users.me", { cookie: { refreshToken: session.refreshToken }, now: later(701) });
    expect(answer.data).toMatchObject({ httpStatus: 429, reason: "RATE_LIMITED", retryAfterSeconds: 59 });
    expect(answer.headers.get("retry-after")).toBe("59");
    expect(answer.cookies).toEqual([]);
  });
});

describe("an internal error", () => {
  test("is answered with 500, a request id and nothing else", async () => {
    const session = await signedInSession(database.db, T0);
    await database.db.schema.alterTable("users").renameTo("users_away").execute();
    try {
      const answer = await get("users.me", { cookie: session });
      expect(answer.status).toBe(500);
      expect(answer.json).toEqual({
        error: {
          code: expect.any(Number),
          message: "Something went wrong on our side.",
          data: { code: "INTERNAL_SERVER_ERROR", httpStatus: 500, requestId: "request-1" },
        },
      });
      expect(answer.text).not.toMatch(/users|select|mysql|kysely|stack|at /i);
      const refreshed = await get("users.me", { cookie: { refreshToken: session.refreshToken }, now: later(700) });
      expect(refreshed).toMatchObject({ status: 503, cookies: [] });
    } finally {
      await database.db.schema.alterTable("users_away").renameTo("users").execute();
    }
    expect(await get("users.me", { cookie: session })).toMatchObject({ status: 200 });
  });

  test("of the database is answered with 503 and Retry-After, and clears no cookie", async () => {
    const session = await signedInSession(database.db, T0);
    const before = await get("auth.session", { cookie: session });
    await closeDatabase();
    const { env } = await import("@/server/runtime/env");
    const { DATABASE_URL } = env();
    env().DATABASE_URL = "mysql://root@127.0.0.1:9/nothing";
    try {
      for (const path of ["users.me", "sessions.list"]) {
        const answer = await get(path, { cookie: session });
        expect(answer).toMatchObject({ status: 503, cookies: [] });
        expect(answer.data).toMatchObject({ reason: "UNAVAILABLE", retryAfterSeconds: 1 });
        expect(answer.headers.get("retry-after")).toBe("1");
      }
      expect((await get("auth.session", { cookie: session })).text).toBe(before.text);
      const due = await get("auth.session", { cookie: session, now: later(570) });
      expect(due).toMatchObject({ status: 200, cookies: [] });
      const over = await get("auth.session", { cookie: session, now: later(700) });
      expect(over).toMatchObject({ status: 503, cookies: [] });
    } finally {
      await closeDatabase();
      env().DATABASE_URL = DATABASE_URL;
    }
    expect(await get("auth.session", { cookie: session, now: later(700) })).toMatchObject({ status: 200 });
  });
});
