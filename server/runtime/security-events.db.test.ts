import "./testing-env";
import { sql } from "kysely";
import { afterAll, beforeAll, describe, expect, test, vi } from "vitest";
import { atOnce, createTestDatabase, existingSession, existingUser, lockTable, type TestDatabase } from "@/db/testing";
import { connectOverLine, signedInSession, type SignedInTestSession } from "@/server/auth/db-testing";
import { hashPassword } from "@/server/auth/passwords/password";
import { secondsAfter } from "@/server/auth/policy/lifetimes";
import { ADA, MALLORY, newClient } from "@/server/auth/testing";
import { createLog } from "./log";
import type { SecurityEvent } from "./security-events";

type Line = { event?: SecurityEvent } & Record<string, unknown>;

// The log of this process writes here instead; what is loaded from now on finds it.
const written: Line[] = [];
const collecting = createLog({ write: (line) => void written.push(JSON.parse(line)) });
Object.assign(globalThis, { [Symbol.for("portcullis.log")]: collecting });
vi.resetModules();
const { answerCall } = await import("@/server/api/handler");
const { closeDatabase, database: appDatabase } = await import("./database");
const { readRevocations } = await import("@/server/auth/sessions/revocation-feed");
const { requestState } = await import("./request-state");
const { securityCounts } = await import("./security-events");

const ORIGIN = "http://localhost:3000";
const PASSWORD = "correct horse battery staple";
const T0 = new Date("2026-11-21T12:00:00.250Z");
const later = (seconds: number) => secondsAfter(T0, seconds);

let database: TestDatabase;
let passwordHash: string;
beforeAll(async () => {
  database = await createTestDatabase();
  process.env.DATABASE_URL = database.url;
  passwordHash = await hashPassword(PASSWORD);
  await readRevocations(appDatabase());
});
afterAll(async () => {
  await closeDatabase();
  await database.drop();
});

interface Asked {
  cookie?: Partial<Pick<SignedInTestSession, "accessToken" | "refreshToken">>;
  client?: typeof ADA;
  seconds?: number;
}

let requests = 0;

/** One call as the entry hands it on: what it answered, and which security events its request wrote and counted. */
async function call(path: string, input?: unknown, { cookie = {}, client = ADA, seconds = 10 }: Asked = {}) {
  const requestId = `request-${++requests}`;
  const headers = {
    origin: ORIGIN,
    "content-type": "application/json",
    "user-agent": client.userAgent,
    "x-portcullis-address": client.address,
    "x-request-id": requestId,
    cookie: [
      cookie.accessToken && `__acc=${cookie.accessToken}`,
      cookie.refreshToken && `__ref=${cookie.refreshToken}`,
    ].join("; "),
  };
  const body = input === undefined ? undefined : JSON.stringify(input);
  const request = new Request(`${ORIGIN}/api/trpc/${path}`, { method: "POST", headers, body });
  const before = securityCounts();
  const state = { requestId };
  const response = await requestState.run(state, () => answerCall(request, later(seconds)));
  const events = written.filter((line) => line.event !== undefined && line.requestId === requestId);
  const counted = Object.entries(securityCounts()).flatMap(([event, count]) =>
    Array.from({ length: count - before[event as SecurityEvent] }, () => event),
  );
  expect(counted.sort(), "what is counted is what is written").toEqual(events.map(({ event }) => event).sort());
  const tokens = response.headers.getSetCookie().map((one) => /^__(acc|ref)=([^;]+)/.exec(one)?.slice(1) ?? []);
  const { acc: accessToken, ref: refreshToken } = Object.fromEntries(tokens) as { acc?: string; ref?: string };
  return { json: JSON.parse(await response.text()), events, state, accessToken, refreshToken };
}

/** Without what has nothing to do with who did what. */
function said({ events }: { events: Line[] }) {
  return events.map(({ time: _, msg: _msg, requestId: _id, ...line }) => line);
}

const somebody = () => existingUser(database.db, { passwordHash });
const of = ({ id, userId }: SignedInTestSession) => ({ sessionId: id, userId });

describe("an account", () => {
  test("that is made, and the session of its owner", async () => {
    const client = newClient();
    const email = `${crypto.randomUUID()}@example.test`;
    const response = await call("auth.register", { fullName: "Ada", email, password: PASSWORD }, { client });
    const { user, session } = response.json.result.data;
    expect(said(response)).toEqual([
      {
        level: "info",
        event: "account-registered",
        sessionId: session.id,
        userId: user.id,
        address: client.address,
      },
    ]);
  });

  test("whose password is changed", async () => {
    const session = await signedInSession(database.db, T0, { passwordHash });
    const input = { currentPassword: PASSWORD, newPassword: "seven violet bridges over otters" };
    const response = await call("users.changePassword", input, { cookie: session });
    expect(said(response)).toEqual([
      {
        level: "info",
        event: "password-changed",
        userId: session.userId,
        sessionId: expect.any(String),
        replaced: session.id,
        address: ADA.address,
      },
    ]);
    expect(response.accessToken).toEqual(expect.any(String));
    expect(response.refreshToken).not.toBe(session.refreshToken);
  });
});

describe("a login", () => {
  test("that succeeds", async () => {
    const { id: userId, email } = await somebody();
    const client = newClient();
    const response = await call("auth.login", { email, password: PASSWORD }, { client });
    const { id: sessionId } = response.json.result.data.session;
    expect(said(response)).toEqual([{ level: "info", event: "logged-in", sessionId, userId, address: client.address }]);
    expect(response.state, "the request's own line names them too").toMatchObject({ sessionId, userId });
  });

  test("that fails, with the account it was aimed at, if there is one", async () => {
    const { id: userId, email } = await somebody();
    const client = newClient();
    const refused = { level: "warn", event: "login-refused", address: client.address };
    expect(said(await call("auth.login", { email, password: "wrong" }, { client }))).toEqual([{ ...refused, userId }]);
    const nobody = { email: `${crypto.randomUUID()}@example.test`, password: "wrong" };
    expect(said(await call("auth.login", nobody, { client }))).toEqual([refused]);
  });

  test("that all sessions were ended under", async () => {
    const { id: userId, email } = await somebody();
    const client = newClient();
    const answering = await database.db.transaction().execute(async (trx) => {
      await trx.selectFrom("users").select("id").where("id", "=", userId).forUpdate().execute();
      const started = call("auth.login", { email, password: PASSWORD }, { client });
      const waiting = sql`select 1 from information_schema.processlist
        where db = database() and info like ${"insert into `sessions`%"}`;
      await vi.waitFor(async () => expect((await waiting.execute(trx)).rows).toHaveLength(1), 5_000);
      await trx.updateTable("users").set({ sessionEpoch: 1 }).where("id", "=", userId).execute();
      return { started };
    });
    expect(said(await answering.started)).toEqual([
      { level: "info", event: "login-superseded", userId, address: client.address },
    ]);
  });

  test("and the sessions that it ends because there are too many", async () => {
    const { id: userId, email } = await somebody();
    await atOnce(101, () => existingSession(database.db, { userId, createdAt: T0 }));
    const client = newClient();
    const response = await call("auth.login", { email, password: PASSWORD }, { client });
    const { id: sessionId } = response.json.result.data.session;
    expect(said(response)).toEqual([
      { level: "info", event: "oldest-sessions-ended", userId, revoked: 2, reason: "too many sessions" },
      { level: "info", event: "logged-in", sessionId, userId, address: client.address },
    ]);
  });

  test("and the session that it ends, which may be somebody else's", async () => {
    const { id: userId, email } = await somebody();
    const { id, refreshToken } = await signedInSession(database.db, T0);
    const client = newClient();
    const response = await call("auth.login", { email, password: PASSWORD }, { client, cookie: { refreshToken } });
    const { id: sessionId } = response.json.result.data.session;
    expect(said(response)).toEqual([
      { level: "info", event: "session-ended", sessionId: id, reason: "replaced by login" },
      { level: "info", event: "logged-in", sessionId, userId, address: client.address },
    ]);
  });
});

describe("a refresh", () => {
  const refresh = (refreshToken: string | undefined, seconds: number, client = ADA) =>
    call("auth.refresh", undefined, { cookie: { refreshToken }, seconds, client });

  test("that rotates, is answered once more, comes back late, and is replayed", async () => {
    const session = await signedInSession(database.db, T0);
    const step = { ...of(session), address: ADA.address };

    const rotated = await refresh(session.refreshToken, 600);
    expect(said(rotated)).toEqual([{ level: "info", event: "token-rotated", ...step, generation: 1 }]);
    expect(said(await refresh(session.refreshToken, 601))).toEqual([
      { level: "info", event: "token-reissued", ...step, generation: 1 },
    ]);
    expect(said(await refresh(rotated.refreshToken, 602)), "a fresh one is worth no line").toEqual([]);
    expect(said(await refresh(session.refreshToken, 700))).toEqual([
      { level: "warn", event: "session-recovered", ...step, generation: 2 },
    ]);
    expect(said(await refresh(session.refreshToken, 800, MALLORY))).toEqual([
      { level: "info", event: "session-ended", ...of(session), reason: "replayed" },
      {
        level: "error",
        event: "session-replayed",
        ...of(session),
        address: MALLORY.address,
        presentedGeneration: 0,
        generation: 2,
        hint: expect.stringContaining("give each its own sign-in"),
      },
    ]);
  });

  test("that is replayed by the same kind of browser, is not blamed on a shared browser state", async () => {
    const session = await signedInSession(database.db, T0);
    const { refreshToken } = await refresh(session.refreshToken, 600);
    await refresh(refreshToken, 700);
    const line = said(await refresh(session.refreshToken, 800)).find(({ event }) => event === "session-replayed");
    expect(line).toMatchObject({ presentedGeneration: 0, generation: 2 });
    expect(line).not.toHaveProperty("hint");
  });

  test("of somebody whose account is disabled", async () => {
    const session = await signedInSession(database.db, T0);
    await database.db.updateTable("users").set({ disabledAt: T0 }).where("id", "=", session.userId).execute();
    expect(said(await refresh(session.refreshToken, 600))).toEqual([
      { level: "info", event: "session-ended", ...of(session), reason: "user disabled" },
    ]);
  });
});

describe("the end of a session", () => {
  test.each<[string, (session: SignedInTestSession) => Asked["cookie"]]>([
    ["both cookies", (session) => session],
    ["the access token alone", ({ accessToken }) => ({ accessToken })],
    ["the refresh token alone", ({ refreshToken }) => ({ refreshToken })],
  ])("by a logout with %s", async (_, cookie) => {
    const session = await signedInSession(database.db, T0);
    expect(said(await call("auth.logout", undefined, { cookie: cookie(session) }))).toEqual([
      { level: "info", event: "session-ended", ...of(session), reason: "logout" },
    ]);
  });

  test("by its owner, from the list", async () => {
    const session = await signedInSession(database.db, T0);
    expect(said(await call("sessions.revoke", { id: session.id }, { cookie: session }))).toEqual([
      { level: "info", event: "session-ended", ...of(session), reason: "revoked by user" },
    ]);
  });

  test("by its owner, with all others or all", async () => {
    const session = await signedInSession(database.db, T0);
    expect(said(await call("sessions.revokeOthers", undefined, { cookie: session }))).toEqual([
      { level: "info", event: "other-sessions-ended", ...of(session), revoked: 0, reason: "revoked by user" },
    ]);
    expect(said(await call("auth.logoutAll", undefined, { cookie: session }))).toEqual([
      { level: "info", event: "all-sessions-ended", ...of(session), revoked: 1, reason: "logout everywhere" },
    ]);
  });

  test("is told once, however often it is asked for", async () => {
    const session = await signedInSession(database.db, T0);
    await call("auth.logout", undefined, { cookie: session });
    expect(said(await call("auth.logout", undefined, { cookie: session }))).toEqual([]);
  });
});

test("a table of limits that falls silent, and one that answers again", async () => {
  const { id: userId, email } = await somebody();
  const client = newClient();
  const attempt = (seconds: number) => call("auth.login", { email, password: "wrong" }, { client, seconds });
  const refused = { level: "warn", event: "login-refused", userId, address: client.address };
  const table = await lockTable(database.url, "rate_limits");
  const silent = said(await attempt(100)).map(({ err, ...line }) => ({ ...line, hasError: err !== undefined }));
  await table.release();
  expect(silent).toEqual([
    { level: "warn", event: "rate-limit-degraded", hasError: true },
    { ...refused, hasError: false },
  ]);
  expect(said(await attempt(110))).toEqual([{ level: "info", event: "rate-limit-restored" }, refused]);
});

test("a logout that the database could not be told of, and its end once the database answers", async () => {
  const session = await signedInSession(database.db, T0);
  const line = await connectOverLine(database.url);
  await sql`select 1`.execute(line.db);
  await line.cut();
  const shared = globalThis as Record<symbol, unknown>;
  const pool = Symbol.for("portcullis.database");
  const own = shared[pool];
  shared[pool] = line.db;
  const response = await call("auth.logout", undefined, { cookie: session });
  shared[pool] = own;
  expect(said(response)).toEqual([
    { level: "warn", event: "logout-pending", sessionIds: [session.id], reason: "logout" },
  ]);
  expect(response.json.error.data).toMatchObject({ reason: "UNAVAILABLE", httpStatus: 503 });

  await line.mend();
  const ended = () => written.filter(({ event, sessionId }) => event === "session-ended" && sessionId === session.id);
  await vi.waitFor(() => expect(ended()).toMatchObject([{ reason: "logout" }]), { timeout: 20_000 });
  await line.close();
});

test("every event there is was driven here", () => {
  expect(Object.entries(securityCounts()).filter(([, count]) => count === 0)).toEqual([]);
});
