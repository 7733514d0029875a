import { beforeEach, describe, expect, test } from "vitest";
import { revokeSession } from "@/db/tables/revocations";
import { atOnce, existingSession, existingUser, readSession } from "@/db/testing";
import { findUserById } from "@/db/tables/users";
import {
  countStatements,
  later,
  PASSWORD,
  signedInSession,
  T0,
  useAppDatabase,
  type SignedInTestSession,
} from "@/server/auth/db-testing";
import { hashPassword } from "@/server/auth/passwords/password";
import { readRevocations } from "@/server/auth/sessions/revocation-feed";
import { call, fromElsewhere, get, ORIGIN, type CallOptions } from "./testing";
import { closeDatabase, database as appDatabase } from "@/server/runtime/database";

const database = useAppDatabase();
const passwordHash = await hashPassword(PASSWORD);

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

describe("authentication", () => {
  test("a request without credentials is answered with 401 and sets no cookie", async () => {
    for (const path of ["users.me", "auth.session", "sessions.list"]) {
      const answer = await get(path);
      expect(answer).toMatchObject({ status: 401, cookies: [] });
      expect(answer.data).toEqual({
        code: "UNAUTHORIZED",
        httpStatus: 401,
        reason: "SIGNED_OUT",
        requestId: "request-1",
      });
    }
  });

  test.each(["x", "a.b.c", "eyJhbGciOiJub25lIn0.e30.", "%00", '"', "x".repeat(3000)])(
    "an invalid token %j is answered with 401, never 500",
    async (token) => {
      for (const cookie of [`__acc=${token}`, `__ref=${token}`, `__acc=${token}; __ref=${token}`]) {
        const answer = await get("auth.session", { cookie });
        expect(answer).toMatchObject({ status: 401, cookies: [] });
      }
    },
  );

  test("a valid access token is accepted without a database statement", async () => {
    const session = await signedInSession(database.db, T0);
    const answer = await get("auth.session", { cookie: { accessToken: session.accessToken } });
    expect(answer).toMatchObject({ status: 200, cookies: [] });
    expect(answer.json.result.data).toEqual({
      user: expect.objectContaining({ id: session.userId, role: "user" }),
      session: { id: session.id, expiresAt: "2026-11-21T12:10:00.000Z", refreshAt: "2026-11-21T12:09:00.000Z" },
    });
  });

  test.each<[string, (session: SignedInTestSession) => Partial<SignedInTestSession>]>([
    ["without an access token", ({ refreshToken }) => ({ refreshToken })],
    ["with one that is due", (session) => session],
    ["with a forged one", ({ refreshToken }) => ({ accessToken: "a.b.c", refreshToken })],
  ])("a caller %s is refreshed in the same request", async (_, cookies) => {
    const session = await signedInSession(database.db, T0);
    const answer = await get("users.me", { cookie: cookies(session), now: later(570) });
    expect(answer.status).toBe(200);
    expect(answer.json.result.data).toMatchObject({ id: session.userId });
    expect(answer.cookies.map((cookie) => cookie.split("=")[0])).toEqual(["__acc", "__ref"]);
    expect(answer.headers.get("cache-control")).toBe("private, no-store");
  });

  test("a caller whose access token was issued to another network is refreshed", async () => {
    const session = await signedInSession(database.db, T0);
    const answer = await get("auth.session", { cookie: session, headers: { "x-portcullis-address": "192.0.2.99" } });
    expect(answer).toMatchObject({ status: 200 });
  });

  test("a refused call still sets the cookies of its refresh", async () => {
    const session = await signedInSession(database.db, T0);
    const answer = await call("sessions.revoke", {
      cookie: session,
      now: later(570),
      input: { id: crypto.randomUUID() },
    });
    expect(answer.status).toBe(404);
    expect(answer.cookies).toHaveLength(2);
  });

  test("an ended session is answered with 401 and keeps the cookies, as a newer login may have set them", async () => {
    const session = await signedInSession(database.db, T0);
    await call("auth.logoutAll", { cookie: session });
    const answer = await get("users.me", { cookie: session });
    expect(answer).toMatchObject({ status: 401, cookies: [] });
    expect(answer.data.reason).toBe("SESSION_ENDED");
  });

  test("a cookie that is sent twice is ignored", async () => {
    const session = await signedInSession(database.db, T0);
    const twice = `__acc=${session.accessToken}; __acc=${session.accessToken}`;
    expect(await get("auth.session", { cookie: twice })).toMatchObject({ status: 401 });
  });
});

describe("logout and revocation", () => {
  test.each(["", "__acc=x; __ref=y", "__acc=; __acc=; __ref="])(
    "logout with %j clears both cookies",
    async (cookie) => {
      const answer = await call("auth.logout", { cookie });
      expect(answer.json.result.data).toEqual({ ok: true });
      expect(answer.cookies).toEqual([
        "__acc=; Path=/; HttpOnly; SameSite=Lax; Max-Age=0",
        "__ref=; Path=/; HttpOnly; SameSite=Lax; Max-Age=0",
      ]);
    },
  );

  test("logout everywhere with an access token due for refresh clears the refreshed cookies", async () => {
    const session = await signedInSession(database.db, T0);
    const answer = await call("auth.logoutAll", { cookie: session, now: later(570) });
    expect(answer.cookies.map((cookie) => /Max-Age=0$/.test(cookie))).toEqual([true, true]);
    expect((await readSession(database.db, session.id)).revokedReason).toBe("logout everywhere");
  });

  test("revoking the current session clears the cookies, and revoking another one does not", async () => {
    const session = await signedInSession(database.db, T0);
    expect((await call("sessions.revoke", { cookie: session, input: { id: session.id } })).cookies).toHaveLength(2);
  });
});

test("revoking another user's session and revoking an unknown one get the same response", async () => {
  const [mine, theirs] = [await signedInSession(database.db, T0), await signedInSession(database.db, T0)];
  const answers = [];
  for (const id of [theirs.id, crypto.randomUUID()]) {
    const { status, text, cookies } = await call("sessions.revoke", { cookie: mine, input: { id } });
    answers.push({ status, text, cookies });
  }
  expect(answers[0]).toMatchObject({ status: 404 });
  expect(answers[0]).toEqual(answers[1]);
  expect((await readSession(database.db, theirs.id)).revokedAt).toBeNull();
});

test("no response body contains a token", async () => {
  const { email } = await existingUser(database.db, { passwordHash });
  const headers = fromElsewhere();
  const answer = await call("auth.login", { input: { email, password: PASSWORD }, headers });
  expect(answer.status).toBe(200);
  const cookie = answer.cookies.map((one) => one.split(";")[0]).join("; ");
  const bodies = [answer.text];
  for (const path of ["auth.session", "users.me", "sessions.list"])
    bodies.push((await get(path, { cookie, headers })).text);
  bodies.push((await call("auth.refresh", { cookie, headers })).text);
  for (const body of bodies) {
    expect(body).toContain('"result"');
    expect(body).not.toMatch(/eyJ|nonce|hash|secret/i);
  }
});

test("the next access token contains a changed name at once", async () => {
  const session = await signedInSession(database.db, T0);
  const answer = await call("users.update", { cookie: session, input: { fullName: "  Grace   Hopper " } });
  expect(answer.json.result.data).toMatchObject({ fullName: "Grace Hopper" });
  expect(answer.cookies).toHaveLength(1);
  const again = await get("auth.session", { cookie: answer.cookies[0]!.split(";")[0]! });
  expect(again.json.result.data.user.fullName).toBe("Grace Hopper");
});

describe("a session that was just revoked on another instance", () => {
  // A feed state older than ten seconds would not be trusted, and the row read before the procedure runs.
  beforeEach(() => readRevocations(appDatabase()));
  const NEW_NAME = { fullName: "Somebody Else" };
  const CHANGE = { currentPassword: PASSWORD, newPassword: "violet kettle orbits 41 mountains" };

  test.each<[string, (session: SignedInTestSession, other: string) => unknown]>([
    ["sessions.list", () => undefined],
    ["users.me", () => undefined],
    ["sessions.revoke", (_, other) => ({ id: other })],
    ["sessions.revokeOthers", () => undefined],
    ["auth.logoutAll", () => undefined],
    ["users.changePassword", () => CHANGE],
    ["users.update", () => NEW_NAME],
  ])("%s is refused and has no effect", async (path, inputOf) => {
    const session = await signedInSession(database.db, T0, { passwordHash });
    const { id: other } = await existingSession(database.db, { userId: session.userId, createdAt: T0 });
    const before = await findUserById(database.db, session.userId);
    // By another instance: this instance's feed has not read it yet.
    await revokeSession(database.db, { id: session.id, reason: "revoked by user" });
    expect((await get("auth.session", { cookie: session })).status, "its access token still counts").toBe(200);

    const method = ["sessions.list", "users.me"].includes(path) ? "GET" : "POST";
    const answer = await call(path, { method, cookie: session, input: inputOf(session, other) });
    expect([answer.status, answer.data?.reason]).toEqual([401, "SESSION_ENDED"]);
    expect(answer.cookies).toEqual([]);
    expect(await findUserById(database.db, session.userId)).toEqual(before);
    expect((await readSession(database.db, other)).revokedAt).toBeNull();
  });
});

test("users.update reports success if the session ends right after the name was changed", async () => {
  const session = await signedInSession(database.db, T0);
  const answers = await atOnce(20, async (index) => {
    const other = index === 0 ? session : await signedInSession(database.db, T0);
    const [answer] = await Promise.all([
      call("users.update", { cookie: other, input: { fullName: `Name ${index}` } }),
      revokeSession(database.db, { id: other.id, reason: "revoked by user" }),
    ]);
    const { fullName } = (await findUserById(database.db, other.userId))!;
    return [answer.status, fullName === `Name ${index}`];
  });
  for (const [status, isChanged] of answers) expect(isChanged).toBe(status === 200);
});

describe("users.changePassword", () => {
  beforeEach(() => readRevocations(appDatabase()));
  const input = { currentPassword: PASSWORD, newPassword: "violet kettle orbits 41 mountains" };

  test("replaces both cookies and returns nothing but success", async () => {
    const session = await signedInSession(database.db, T0, { passwordHash });
    const answer = await call("users.changePassword", { cookie: session, input });
    expect(answer.json.result.data).toEqual({ ok: true });
    expect(answer.cookies.map((one) => one.split("=")[0])).toEqual(["__acc", "__ref"]);

    const late = await call("auth.refresh", { cookie: session });
    expect([late.status, late.data.reason, late.cookies]).toEqual([401, "SESSION_ENDED", []]);
    const cookie = answer.cookies.map((one) => one.split(";")[0]).join("; ");
    const listed = await get("sessions.list", { cookie });
    expect(listed.json.result.data).toMatchObject([{ current: true }]);
  });

  test.each([
    ["is the current one", PASSWORD, PASSWORD],
    ["is the current one in another spelling", "ｃｏｒｒｅｃｔ horse battery staple", PASSWORD],
    ["is the current one, which is wrong", "never mind which", "never mind which"],
  ])(
    "a new password that %s is refused at its field and consumes no attempt",
    async (_, newPassword, currentPassword) => {
      const session = await signedInSession(database.db, T0, { passwordHash });
      const statements = await countStatements(database.url, async () => {
        const answer = await call("users.changePassword", { cookie: session, input: { currentPassword, newPassword } });
        expect([answer.status, answer.data.reason]).toEqual([400, "BAD_INPUT"]);
        expect(answer.data.fields).toEqual({ newPassword: expect.stringContaining("different") });
      });
      expect(statements).toBe(0);
      expect((await readSession(database.db, session.id)).revokedAt).toBeNull();
    },
  );
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

test("a protected call makes no database statement for authentication", async () => {
  const session = await signedInSession(database.db, T0);
  const statements = await countStatements(database.url, async () => {
    for (let count = 0; count < 10; count++) {
      expect(await get("auth.session", { cookie: session })).toMatchObject({ status: 200 });
    }
  });
  expect(statements).toBe(0);
  expect(await countStatements(database.url, () => get("users.me", { cookie: session }))).toBe(1);
});
