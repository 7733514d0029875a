import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { revokeSession } from "@/db/tables/revocations";
import { existingSession, readSession } from "@/db/testing";
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
import { call, get } from "./testing";
import { UNVERIFIED_MESSAGE } from "@/server/auth/policy/refusals";
import { database as appDatabase } from "@/server/runtime/database";
import { env } from "@/server/runtime/env";

const database = useAppDatabase();
const passwordHash = await hashPassword(PASSWORD);

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
    ["account.export", () => undefined],
    ["account.requestDeletion", (session) => ({ email: session.user.email })],
    ["auth.stepUp", () => ({ method: "password", password: PASSWORD })],
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

describe("where a verified email is required, a caller whose email is not verified", () => {
  beforeEach(() => {
    env().REQUIRE_VERIFIED_EMAIL = true;
  });
  afterEach(() => {
    env().REQUIRE_VERIFIED_EMAIL = false;
  });

  test.each<[string, unknown]>([
    ["users.update", { fullName: "Grace Hopper" }],
    ["users.changePassword", { currentPassword: PASSWORD, newPassword: "violet kettle orbits 41 mountains" }],
    ["sessions.revokeOthers", undefined],
  ])("is refused by %s, without effect and still signed in", async (path, input) => {
    const session = await signedInSession(database.db, T0, { passwordHash });
    const { id: other } = await existingSession(database.db, { userId: session.userId, createdAt: T0 });
    const before = await findUserById(database.db, session.userId);
    const answer = await call(path, { cookie: session, input });
    expect(answer).toMatchObject({ status: 403, cookies: [] });
    expect([answer.data.reason, answer.json.error.message]).toEqual(["NOT_ALLOWED", UNVERIFIED_MESSAGE]);
    expect(await findUserById(database.db, session.userId)).toEqual(before);
    expect((await readSession(database.db, other)).revokedAt).toBeNull();
  });

  test("may ask who they are, and sees that the email is not verified", async () => {
    const session = await signedInSession(database.db, T0);
    const me = await get("users.me", { cookie: session });
    expect([me.status, me.json.result.data.emailVerified]).toEqual([200, false]);
  });

  test("is refused only the calls of a batch that need it", async () => {
    const session = await signedInSession(database.db, T0);
    const answer = await get("users.me,sessions.list?batch=1&input=%7B%7D", { cookie: session });
    expect(answer.json.map((one: { error?: unknown }) => one.error === undefined)).toEqual([true, false]);
  });

  test("may call everything after the verification and a refresh", async () => {
    const session = await signedInSession(database.db, T0);
    await database.db.updateTable("users").set({ emailVerifiedAt: T0 }).where("id", "=", session.userId).execute();
    expect(await get("sessions.list", { cookie: session })).toMatchObject({ status: 403 });
    const refreshed = await call("auth.refresh", { cookie: session, now: later(20) });
    const cookie = refreshed.cookies.map((one) => one.split(";")[0]).join("; ");
    expect(await get("sessions.list", { cookie, now: later(20) })).toMatchObject({ status: 200 });
    const me = await get("users.me", { cookie, now: later(20) });
    expect(me.json.result.data.emailVerified).toBe(true);
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
