import { describe, expect, test } from "vitest";
import { connect } from "@/db/connect";
import { readSession } from "@/db/testing";
import { requestState, type RequestState } from "@/server/runtime/request-state";
import {
  countStatements,
  later,
  reasonOf,
  refreshTokenIn,
  signedInSession,
  T0,
  useRefreshes,
} from "@/server/auth/db-testing";
import { endSession } from "./end-session";
import { readRefreshToken } from "@/server/auth/tokens/refresh-token";
import { refresh, tryRefresh } from "./refresh";
import { ADA, anotherInstance, MALLORY } from "@/server/auth/testing";

const { database, refreshAt } = useRefreshes();
const DAYS = 86_400;

const loadRefresh = () => import("./refresh");

describe("a request whose client has disconnected", () => {
  const GONE = { requestId: "gone", isAborted: true } as const;
  const WAITING = { requestId: "waiting" };

  test.each<[string, number]>([
    ["rotate", 600],
    ["invalidate a successor", 1300],
    ["end a session", 1900],
  ])("does not %s: after a pause of the process it may be older than any token", async (_, seconds) => {
    const { id, refreshToken } = await signedInSession(database.db, T0);
    if (seconds > 600) {
      const first = await refreshAt(refreshToken, 600);
      if (seconds > 1300) await refreshAt(first.token, 1200);
    }
    const before = await readSession(database.db, id);
    const late = requestState.run(GONE, () => refresh(database.db, refreshToken, ADA, later(seconds)));
    expect(await reasonOf(late)).toBe("UNAVAILABLE");
    expect(await readSession(database.db, id)).toEqual(before);
  });

  test("does not abort the refresh for requests that share it and still wait", async () => {
    const { refreshToken } = await signedInSession(database.db, T0);
    const refreshAs = (state: RequestState) =>
      requestState.run(state, () => refresh(database.db, refreshToken, ADA, later(600)));
    const outcomes = await Promise.all([refreshAs(GONE), refreshAs(WAITING)]);
    expect(outcomes.map(({ kind }) => kind)).toEqual(["refreshed", "refreshed"]);
  });
});

describe("a client that knows a session's id", () => {
  test("and forges a token changes nothing, and no statement is sent", async () => {
    const { id, refreshToken } = await signedInSession(database.db, T0);
    const before = await readSession(database.db, id);
    const { mintRefreshToken } = await anotherInstance(() => import("@/server/auth/tokens/refresh-token"), {
      SESSION_SECRET: "a secret that an attacker made up",
    });
    const presented = { sessionId: id, generation: 0, nonce: before.currentNonce, previousNonce: null };
    const forged = await mintRefreshToken({ ...presented, issuedAt: T0, expiresAt: later(DAYS) });
    const statements = await countStatements(database.url, async (db) => {
      for (const token of [forged, id, `${id}.${before.currentNonce}`, refreshToken.slice(0, -1), ""]) {
        expect(await refresh(db, token, MALLORY, later(600))).toEqual({ kind: "unreadable" });
      }
    });
    expect(statements).toBe(0);
    expect(await readSession(database.db, id)).toEqual(before);
    expect((await refreshAt(refreshToken, 600)).result).toBe("rotate");
  });

  test("and has an expired token is refused without a statement", async () => {
    const { refreshToken } = await signedInSession(database.db, T0);
    const statements = await countStatements(database.url, async (db) => {
      expect(await refresh(db, refreshToken, ADA, later(7 * DAYS))).toEqual({ kind: "ended", reason: "over" });
    });
    expect(statements).toBe(0);
  });
});

describe("every refresh reads the user again", () => {
  test("a changed role and name are in the next access token", async () => {
    const { userId, refreshToken } = await signedInSession(database.db, T0, { role: "admin" });
    const { outcome, token } = await refreshAt(refreshToken, 600);
    expect(outcome).toMatchObject({ access: { user: { role: "admin" } } });
    await database.db.updateTable("users").set({ role: "user", fullName: "Grace" }).where("id", "=", userId).execute();
    expect((await refreshAt(token, 610)).outcome).toMatchObject({
      access: { user: { role: "user", fullName: "Grace" } },
    });
  });

  test("a disabled user's session ends with its next refresh, permanently", async () => {
    const { id, userId, refreshToken } = await signedInSession(database.db, T0);
    const setDisabled = (disabledAt: Date | null) =>
      database.db.updateTable("users").set({ disabledAt }).where("id", "=", userId).execute();
    await setDisabled(later(300));
    expect((await refreshAt(refreshToken, 600)).result).toBe("over");
    expect(await readSession(database.db, id)).toMatchObject({ revokedReason: "user disabled" });
    await setDisabled(null);
    expect((await refreshAt(refreshToken, 601)).result).toBe("over");
  });
});

describe("the time of authentication in a refreshed access token", () => {
  test.each<[string, Date | null, Date]>([
    ["the one in the session's row", later(300), later(300)],
    ["the opening of the session, if the row is from a version without that column", null, T0],
  ])("is %s, whatever the verdict", async (_, authenticatedAt, expected) => {
    const { id, refreshToken } = await signedInSession(database.db, T0);
    await database.db.updateTable("sessions").set({ authenticatedAt }).where("id", "=", id).execute();
    const verdicts = ["fresh", "rotate", "reissue", "recover"];
    for (const [index, seconds] of [10, 600, 602, 1200].entries()) {
      const { outcome } = await refreshAt(refreshToken, seconds);
      const atSecond = new Date(Math.floor(expected.getTime() / 1000) * 1000);
      expect(outcome).toMatchObject({ verdict: verdicts[index], access: { authenticatedAt: atSecond } });
    }
  });
});

describe("time limits", () => {
  test("a session used every six days lives until its absolute limit, and no longer", async () => {
    const { id, refreshToken } = await signedInSession(database.db, T0);
    let token = refreshToken;
    for (const day of [6, 12, 18, 24]) {
      const step = await refreshAt(token, day * DAYS);
      expect(step.result).toBe("rotate");
      const { cookies } = step.outcome as { cookies: { maxAgeSeconds: number }[] };
      expect(cookies[1]!.maxAgeSeconds).toBe(Math.min(7, 30 - day) * DAYS);
      token = step.token;
    }
    const last = await refreshAt(token, 30 * DAYS - 100);
    expect(last.outcome).toMatchObject({ access: { expiresAt: new Date("2026-12-21T12:00:00Z") } });
    expect((await readSession(database.db, id)).idleExpiresAt).toEqual(later(30 * DAYS));
    expect((await refreshAt(last.token, 30 * DAYS)).result).toBe("over");
    expect((await refreshAt(last.token, 31 * DAYS)).result).toBe("over");
  });

  test("cookie, token and row expire together", async () => {
    const { id, refreshToken } = await signedInSession(database.db, T0);
    const { token, outcome } = await refreshAt(refreshToken, 3 * DAYS);
    const { cookies } = outcome as { cookies: { maxAgeSeconds: number }[] };
    expect(cookies.map(({ maxAgeSeconds }) => Math.round(maxAgeSeconds))).toEqual([540, 7 * DAYS]);
    expect((await readSession(database.db, id)).idleExpiresAt).toEqual(later(10 * DAYS));
    expect(await readRefreshToken(token, later(10 * DAYS - 1))).toMatchObject({ generation: 1 });
    expect((await refreshAt(token, 10 * DAYS)).result).toBe("over");
  });

  test("a session that is not to be remembered has cookies without Max-Age", async () => {
    const { refreshToken } = await signedInSession(database.db, T0, { remember: false });
    const { outcome } = await refreshAt(refreshToken, 600);
    expect((outcome as { cookies: object[] }).cookies).toMatchObject([
      { maxAgeSeconds: null },
      { maxAgeSeconds: null },
    ]);
  });

  test("sessions survive a change of every duration, and back", async () => {
    const { id, refreshToken } = await signedInSession(database.db, T0);
    const changed = await anotherInstance(loadRefresh, {
      ACCESS_TOKEN_SECONDS: "60",
      REFRESH_BEFORE_EXPIRY_SECONDS: "10",
      REFRESH_GRACE_SECONDS: "5",
      REFRESH_TOKEN_SECONDS: String(DAYS),
      SESSION_MAX_SECONDS: String(2 * DAYS),
    });
    const outcome = await changed.refresh(database.db, refreshToken, ADA, later(3 * DAYS));
    expect(outcome).toMatchObject({ kind: "refreshed", verdict: "rotate" });
    expect(await readSession(database.db, id)).toMatchObject({
      idleExpiresAt: later(4 * DAYS),
      absoluteExpiresAt: later(30 * DAYS),
    });
    expect((await refreshAt(refreshTokenIn(outcome as { cookies?: [] })!, 3 * DAYS + 20)).result).toBe("fresh");
    expect((await refreshAt(refreshTokenIn(outcome as { cookies?: [] })!, 3 * DAYS + 40)).result).toBe("rotate");
  });

  test("sessions survive a change of secrets", async () => {
    const { refreshToken } = await signedInSession(database.db, T0);
    const SESSION_SECRET = "the session secret after the change, long";
    const during = { SESSION_SECRET, SESSION_SECRET_PREVIOUS: process.env.SESSION_SECRET! };
    const changed = await anotherInstance(loadRefresh, during);
    const outcome = await changed.refresh(database.db, refreshToken, ADA, later(600));
    expect(outcome).toMatchObject({ kind: "refreshed", verdict: "rotate" });
    const afterwards = await anotherInstance(loadRefresh, { SESSION_SECRET });
    const token = refreshTokenIn(outcome as { cookies?: [] })!;
    expect(await afterwards.refresh(database.db, token, ADA, later(1200))).toMatchObject({ verdict: "rotate" });
  });
});

describe("the number of statements of a refresh", () => {
  test.each([
    ["rotate", 1, 600, 1200, 2],
    ["fresh", 1, 600, 610, 1],
    ["reissue", 0, 600, 610, 2],
    ["recover", 0, 600, 1200, 2],
    // Two, and four for the transaction that contains the mail to the owner.
    ["replayed", -1, 600, 1200, 6],
    ["fresh", "another browser", 600, 610, 1],
  ] as const)("%s", async (result, which, first, second, statements) => {
    const { refreshToken } = await signedInSession(database.db, T0);
    const { token } = await refreshAt(refreshToken, first);
    const newest = which === -1 ? (await refreshAt(token, first + 40)).token : token;
    const presented = which === 1 ? newest : refreshToken;
    const client = which === "another browser" ? MALLORY : ADA;
    const counted = await countStatements(database.url, async (db) => {
      const outcome = await refresh(db, presented, client, later(second));
      expect("verdict" in outcome ? outcome.verdict : "reason" in outcome && outcome.reason).toBe(result);
    });
    expect(counted).toBe(statements);
  });
});

describe("more than 60 refreshes a minute", () => {
  test("are refused without a statement, for this session alone, and do not end it", async () => {
    const { refreshToken } = await signedInSession(database.db, T0);
    const other = await signedInSession(database.db, T0);
    for (let count = 0; count < 60; count++) await refresh(database.db, refreshToken, ADA, later(600));
    const statements = await countStatements(database.url, async (db) => {
      expect(await reasonOf(refresh(db, refreshToken, ADA, later(601)))).toBe("RATE_LIMITED");
      expect(await tryRefresh(db, refreshToken, ADA, later(601))).toEqual({
        kind: "unavailable",
        status: 429,
        retryAfterSeconds: 59,
      });
    });
    expect(statements).toBe(0);
    expect((await refreshAt(other.refreshToken, 601)).result).toBe("rotate");
    expect((await refreshAt(refreshToken, 660)).result).toBe("recover");
  });
});

describe("a fault ends no session", () => {
  test("no database at all", async () => {
    const { id, refreshToken } = await signedInSession(database.db, T0);
    const nowhere = connect("mysql://root@127.0.0.1:9/nothing");
    expect(await tryRefresh(nowhere, refreshToken, ADA, later(600))).toEqual({
      kind: "unavailable",
      status: 503,
      retryAfterSeconds: 1,
    });
    await nowhere.destroy();
    expect(await readSession(database.db, id)).toMatchObject({ generation: 0, revokedAt: null });
    expect((await refreshAt(refreshToken, 601)).result).toBe("rotate");
  });

  test("a table that is not there", async () => {
    const { refreshToken } = await signedInSession(database.db, T0);
    const empty = connect(database.url.replace(/\/[^/?]+(\?|$)/, "/mysql$1"));
    expect(await tryRefresh(empty, refreshToken, ADA, later(600))).toEqual({
      kind: "unavailable",
      status: 503,
      retryAfterSeconds: 1,
    });
    await empty.destroy();
  });

  test("a row locked by a stuck client: 503 for this session in time, no effect on others", async () => {
    const { id, refreshToken } = await signedInSession(database.db, T0);
    const other = await signedInSession(database.db, T0);
    const impatient = connect(database.url, { lockSeconds: 1 });
    await database.db.transaction().execute(async (trx) => {
      await trx.selectFrom("sessions").select("id").where("id", "=", id).forUpdate().execute();
      const stuck = tryRefresh(impatient, refreshToken, ADA, later(600));
      expect(await tryRefresh(impatient, other.refreshToken, ADA, later(600))).toMatchObject({ kind: "refreshed" });
      expect(await stuck).toEqual({ kind: "unavailable", status: 503, retryAfterSeconds: 1 });
    });
    await impatient.destroy();
    expect((await refreshAt(refreshToken, 601)).result).toBe("rotate");
  });

  test("a statement that outlasts the time limit of the refresh: 503 before it ends, and its update still takes effect", async () => {
    const { id, refreshToken } = await signedInSession(database.db, T0);
    const patient = connect(database.url, { lockSeconds: 40, statementSeconds: 60 });
    const hasty = await anotherInstance(loadRefresh, { REFRESH_GRACE_SECONDS: "6" });
    await database.db.transaction().execute(async (trx) => {
      await trx.selectFrom("sessions").select("id").where("id", "=", id).forUpdate().execute();
      const refused = await hasty.tryRefresh(patient, refreshToken, ADA, later(600));
      expect(refused).toEqual({ kind: "unavailable", status: 503, retryAfterSeconds: 1 });
    });
    await expect.poll(async () => (await readSession(database.db, id)).generation, { timeout: 20_000 }).toBe(1);
    await patient.destroy();
  });
});

test("a revoked session is ended, whichever of its tokens is presented", async () => {
  const { id, refreshToken } = await signedInSession(database.db, T0);
  const { token } = await refreshAt(refreshToken, 600);
  await endSession(database.db, { id }, "logout");
  for (const presented of [token, refreshToken]) expect((await refreshAt(presented, 610)).result).toBe("over");
  expect(await readSession(database.db, id)).toMatchObject({ revokedReason: "logout", generation: 1 });
});
