import "@/server/runtime/testing-env";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { connect } from "@/db/connect";
import { atOnce, createTestDatabase, readSession, type TestDatabase } from "@/db/testing";
import { requestState, type RequestState } from "@/server/runtime/request-state";
import { countStatements, reasonOf, refreshTokenIn, signedInSession } from "@/server/auth/db-testing";
import { endSession } from "./end-session";
import { secondsAfter } from "@/server/auth/policy/lifetimes";
import { readRefreshToken } from "@/server/auth/tokens/refresh-token";
import { refresh, tryRefresh } from "./refresh";
import { ADA, anotherInstance, clientAt, MALLORY, newClient } from "@/server/auth/testing";

let database: TestDatabase;
beforeAll(async () => {
  database = await createTestDatabase();
});
afterAll(() => database.drop());

const T0 = new Date("2026-11-21T12:00:00.250Z");
const later = (seconds: number) => secondsAfter(T0, seconds);
const MINUTES = 60;
const DAYS = 86_400;

const DESKTOP = newClient(
  "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/140.0.0.0 Safari/537.36",
);
const PHONE = newClient(
  "Mozilla/5.0 (iPhone; CPU iPhone OS 18_5 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.5 Mobile/15E148 Safari/604.1",
);

const loadRefresh = () => import("./refresh");

/** Refreshes and tells what became of it, in a word, and the token that the browser has afterwards. */
async function ask(token: string, seconds: number, client = ADA) {
  const outcome = await refresh(database.db, token, client, later(seconds));
  const said =
    outcome.kind === "refreshed" ? outcome.verdict : outcome.kind === "ended" ? outcome.reason : outcome.kind;
  return { said, outcome, token: refreshTokenIn(outcome as { cookies?: [] }) ?? token };
}

describe("a hundred at once", () => {
  test("over two instances, each judged by itself: all refreshed, one successor, one rotation", async () => {
    const { id, refreshToken } = await signedInSession(database.db, T0);
    const pools = [connect(database.url), connect(database.url)];
    const instances = [await anotherInstance(loadRefresh), await anotherInstance(loadRefresh)];
    // Every address is a flight of its own: nobody shares another one's answer.
    const outcomes = await atOnce(100, (index) =>
      instances[index % 2]!.refresh(pools[index % 2]!, refreshToken, newClient(), later(600 + index / 1000)),
    );
    await Promise.all(pools.map((pool) => pool.destroy()));

    expect(outcomes.filter(({ kind }) => kind !== "refreshed")).toEqual([]);
    expect(outcomes.filter((outcome) => "verdict" in outcome && outcome.verdict === "rotate")).toHaveLength(1);
    expect(outcomes.filter((outcome) => "verdict" in outcome && outcome.verdict === "recover")).toEqual([]);
    const successors = new Set(outcomes.map((outcome) => refreshTokenIn(outcome as { cookies?: [] })));
    expect(successors.size).toBe(1);
    expect(await readSession(database.db, id)).toMatchObject({ generation: 1, recoveries: 0, revokedAt: null });
    const [successor] = successors;
    expect((await ask(successor!, 1200)).said).toBe("rotate");
  });

  test("from two tabs of one phone, one of them asking for the desktop site: both are refreshed", async () => {
    const chrome = (system: string, form: string) =>
      clientAt(ADA.address, `Mozilla/5.0 (${system}) AppleWebKit/537.36 Chrome/140.0.0.0 ${form}Safari/537.36`);
    const tabs = [chrome("Linux; Android 10; K", "Mobile "), chrome("X11; Linux x86_64", "")];
    const { refreshToken } = await signedInSession(database.db, T0, { client: tabs[0] });
    const answers = await Promise.all(tabs.map((tab) => ask(refreshToken, 600, tab)));
    expect(answers.map(({ said }) => said).sort()).toEqual(["reissue", "rotate"]);
    expect(new Set(answers.map(({ token }) => token)).size).toBe(1);
  });

  test("from one browser with two user agents: one rotation, all refreshed, and signed in after the next expiry", async () => {
    const { id, refreshToken } = await signedInSession(database.db, T0, { client: DESKTOP });
    const pools = [connect(database.url), connect(database.url)];
    const instances = [await anotherInstance(loadRefresh), await anotherInstance(loadRefresh)];
    let presented = refreshToken;
    for (const seconds of [600, 1200, 1800]) {
      const outcomes = await atOnce(40, (index) => {
        const client = { ...(index % 4 < 2 ? DESKTOP : PHONE), address: newClient().address };
        return instances[index % 2]!.refresh(pools[index % 2]!, presented, client, later(seconds + index / 10));
      });
      expect(outcomes.filter(({ kind }) => kind !== "refreshed")).toEqual([]);
      const tokens = new Set(outcomes.map((outcome) => refreshTokenIn(outcome as { cookies?: [] })));
      tokens.delete(null);
      expect(tokens.size, "successors").toBe(1);
      [presented = presented] = [...tokens].filter((token) => token !== null);
    }
    await Promise.all(pools.map((pool) => pool.destroy()));
    expect(await readSession(database.db, id)).toMatchObject({ generation: 3, recoveries: 0, revokedAt: null });
  });

  test("with a token whose reply was lost yesterday: one sibling for all", async () => {
    const { id, refreshToken } = await signedInSession(database.db, T0);
    await ask(refreshToken, 600);
    const instance = await anotherInstance(loadRefresh);
    const outcomes = await atOnce(50, (index) =>
      instance.refresh(database.db, refreshToken, newClient(), later(86_400 + index / 1000)),
    );
    expect(outcomes.filter(({ kind }) => kind !== "refreshed")).toEqual([]);
    expect(new Set(outcomes.map((outcome) => refreshTokenIn(outcome as { cookies?: [] }))).size).toBe(1);
    expect(await readSession(database.db, id)).toMatchObject({ generation: 2, recoveries: 1, revokedAt: null });
  });

  test("in one process, from one browser, they share one rotation: two statements for all", async () => {
    const { id, refreshToken } = await signedInSession(database.db, T0);
    const statements = await countStatements(database.url, async (db) => {
      const outcomes = await atOnce(100, () => refresh(db, refreshToken, ADA, later(600)));
      expect(new Set(outcomes).size).toBe(1);
    });
    expect(statements).toBe(2);
    expect((await readSession(database.db, id)).generation).toBe(1);
  });

  test("a thief who joins at the very moment does not share the owner's flight", async () => {
    const { id, refreshToken } = await signedInSession(database.db, T0);
    const [owner, thief] = await Promise.all([
      refresh(database.db, refreshToken, ADA, later(600)),
      refresh(database.db, refreshToken, MALLORY, later(600)),
    ]);
    const tokens = [owner, thief].map((outcome) => refreshTokenIn(outcome as { cookies?: [] }));
    expect(
      tokens.filter((token) => token !== null),
      "only the first one gets a refresh token",
    ).toHaveLength(1);
    const loser = tokens[0] === null ? ADA : MALLORY;
    expect((await ask(refreshToken, 631, loser)).said).toBe("replayed");
    expect((await readSession(database.db, id)).revokedReason).toBe("replayed");
  });
});

describe("a request whose client has hung up", () => {
  const GONE = { requestId: "gone", isAborted: true } as const;
  const WAITING = { requestId: "waiting" };

  test.each<[string, number]>([
    ["rotates", 600],
    ["takes a successor away", 1300],
    ["ends a session", 1900],
  ])("no longer %s: in a process that was paused it may be older than any token", async (_, seconds) => {
    const { id, refreshToken } = await signedInSession(database.db, T0);
    if (seconds > 600) {
      const first = await ask(refreshToken, 600);
      if (seconds > 1300) await ask(first.token, 1200);
    }
    const before = await readSession(database.db, id);
    const late = requestState.run(GONE, () => refresh(database.db, refreshToken, ADA, later(seconds)));
    expect(await reasonOf(late)).toBe("UNAVAILABLE");
    expect(await readSession(database.db, id)).toEqual(before);
  });

  test("does not end the flight for those who share it and still wait", async () => {
    const { refreshToken } = await signedInSession(database.db, T0);
    const asked = (notes: RequestState) =>
      requestState.run(notes, () => refresh(database.db, refreshToken, ADA, later(600)));
    const outcomes = await Promise.all([asked(GONE), asked(WAITING)]);
    expect(outcomes.map(({ kind }) => kind)).toEqual(["refreshed", "refreshed"]);
  });
});

describe("a lost reply", () => {
  test.each([
    ["2 seconds", 2, "reissue", 0],
    ["30 seconds", 30, "reissue", 0],
    ["10 minutes", 10 * MINUTES, "recover", 1],
    ["2 days", 2 * DAYS, "recover", 1],
  ])(
    "and the old token again after %s: signed in, and noted if it is late",
    async (_, seconds, verdict, recoveries) => {
      const { id, refreshToken } = await signedInSession(database.db, T0);
      const lost = await ask(refreshToken, 600);
      const again = await ask(refreshToken, 600 + seconds);
      expect(again.said).toBe(verdict);
      expect(again.token === lost.token).toBe(verdict === "reissue");
      expect(await readSession(database.db, id)).toMatchObject({ recoveries, revokedAt: null });
      expect((await ask(again.token, 1200 + seconds)).said).toBe("rotate");
    },
  );

  test("time after time: every reply of three days is lost, and nobody is logged out", async () => {
    const { id, refreshToken } = await signedInSession(database.db, T0);
    for (let hour = 1; hour <= 72; hour += 4)
      expect((await ask(refreshToken, hour * 3600)).outcome.kind).toBe("refreshed");
    expect(await readSession(database.db, id)).toMatchObject({ generation: 18, recoveries: 17, revokedAt: null });
  });

  test("of a recovery: the sibling that nobody received dies with the next one", async () => {
    const { refreshToken } = await signedInSession(database.db, T0);
    const first = await ask(refreshToken, 600);
    const sibling = await ask(refreshToken, 1200);
    const last = await ask(refreshToken, 1800);
    expect(new Set([first.token, sibling.token, last.token]).size).toBe(3);
    expect((await ask(last.token, 2400)).said).toBe("rotate");
  });
});

describe("within the window", () => {
  test("the successor is fresh: no second rotation, and the refresh cookie is not sent again", async () => {
    const { id, refreshToken } = await signedInSession(database.db, T0);
    const { token: first } = await ask(refreshToken, 600);
    const { said, outcome } = await ask(first, 610);
    expect(said).toBe("fresh");
    expect(refreshTokenIn(outcome as { cookies?: [] })).toBeNull();
    // A slow third request that left before the first answer came.
    expect(await ask(refreshToken, 612)).toMatchObject({ said: "reissue", token: first });
    expect((await readSession(database.db, id)).generation).toBe(1);
    expect((await ask(first, 612 + 31)).said).toBe("rotate");
  });

  test("a slow old reply overwrites newer cookies: the token it brings back is still good", async () => {
    const { refreshToken } = await signedInSession(database.db, T0);
    const { token: slow } = await ask(refreshToken, 600);
    const { token: newer } = await ask(slow, 1200);
    expect(await ask(slow, 1205)).toMatchObject({ said: "reissue", token: newer });
    const { said, token } = await ask(slow, 1800);
    expect(said).toBe("recover");
    expect((await ask(token, 2400)).said).toBe("rotate");
  });

  test("nobody holds it open longer than ten windows", async () => {
    const { refreshToken } = await signedInSession(database.db, T0);
    await ask(refreshToken, 600);
    const said = [];
    for (let seconds = 625; seconds <= 925; seconds += 25) said.push((await ask(refreshToken, seconds)).said);
    expect(said).toEqual([...Array<string>(12).fill("reissue"), "fresh"]);
    // What is still on its way has arrived by then.
    expect((await ask(refreshToken, 931)).said).toBe("recover");
  });

  test("two tokens made in one second differ", async () => {
    const { refreshToken } = await signedInSession(database.db, T0);
    await ask(refreshToken, 600);
    const { token: one } = await ask(refreshToken, 700);
    const { token: other } = await ask(one, 731);
    const { token: third } = await ask(one, 762);
    expect(new Set([one, other, third]).size).toBe(3);
  });
});

describe("two holders of one token", () => {
  test.each([
    ["the thief first", MALLORY, ADA],
    ["the owner first", ADA, MALLORY],
  ])("%s, from another browser: at the second one's refresh the session dies for both", async (_, first, second) => {
    const { id, refreshToken } = await signedInSession(database.db, T0);
    const early = await ask(refreshToken, 600, first);
    expect(early.said).toBe("rotate");
    // Inside the window it could be one browser with two user agents: an access token, and no refresh token.
    const inside = await ask(refreshToken, 605, second);
    expect([inside.said, refreshTokenIn(inside.outcome as { cookies?: [] })]).toEqual(["fresh", null]);
    expect((await ask(refreshToken, 631, second)).said).toBe("replayed");
    expect(await readSession(database.db, id)).toMatchObject({ revokedReason: "replayed" });
    expect((await ask(early.token, 632, first)).said).toBe("over");
    expect((await ask(refreshToken, 632, second)).said).toBe("over");
  });

  test.each([
    ["the thief", clientAt("198.51.100.66"), ADA],
    ["the owner", ADA, clientAt("198.51.100.66")],
  ])("%s first, with the same kind of browser: noticed when that one refreshes again", async (_, first, second) => {
    const { id, refreshToken } = await signedInSession(database.db, T0);
    const early = await ask(refreshToken, 600, first);
    const late = await ask(refreshToken, 1200, second);
    expect(late.said).toBe("recover");
    expect((await ask(early.token, 1210, first)).said).toBe("replayed");
    expect((await ask(late.token, 1220, second)).said).toBe("over");
    expect(await readSession(database.db, id)).toMatchObject({ revokedReason: "replayed", recoveries: 1 });
  });

  test("a token of three generations back ends the session, newest token included", async () => {
    const { refreshToken } = await signedInSession(database.db, T0);
    let newest = refreshToken;
    for (const seconds of [600, 1200, 1800]) newest = (await ask(newest, seconds)).token;
    expect((await ask(refreshToken, 1801)).said).toBe("replayed");
    expect((await ask(newest, 1802)).said).toBe("over");
  });
});

describe("somebody who knows a session's id", () => {
  test("and makes the secret up changes nothing, and no statement is sent", async () => {
    const { id, refreshToken } = await signedInSession(database.db, T0);
    const before = await readSession(database.db, id);
    const { mintRefreshToken } = await anotherInstance(() => import("@/server/auth/tokens/refresh-token"), {
      SESSION_SECRET: "what an attacker would call a secret",
    });
    const presented = { sessionId: id, generation: 0, nonce: before.currentNonce };
    const madeUp = await mintRefreshToken({ ...presented, issuedAt: T0, expiresAt: later(DAYS) });
    const statements = await countStatements(database.url, async (db) => {
      for (const token of [madeUp, id, `${id}.${before.currentNonce}`, refreshToken.slice(0, -1), ""]) {
        expect(await refresh(db, token, MALLORY, later(600))).toEqual({ kind: "unreadable" });
      }
    });
    expect(statements).toBe(0);
    expect(await readSession(database.db, id)).toEqual(before);
    expect((await ask(refreshToken, 600)).said).toBe("rotate");
  });

  test("whose token is past its time is told so without a statement", async () => {
    const { refreshToken } = await signedInSession(database.db, T0);
    const statements = await countStatements(database.url, async (db) => {
      expect(await refresh(db, refreshToken, ADA, later(7 * DAYS))).toEqual({ kind: "ended", reason: "over" });
    });
    expect(statements).toBe(0);
  });
});

describe("rights are read anew", () => {
  test("a changed role and name are in the next access token", async () => {
    const { userId, refreshToken } = await signedInSession(database.db, T0, { role: "admin" });
    const { outcome, token } = await ask(refreshToken, 600);
    expect(outcome).toMatchObject({ access: { user: { role: "admin" } } });
    await database.db.updateTable("users").set({ role: "user", fullName: "Grace" }).where("id", "=", userId).execute();
    expect((await ask(token, 610)).outcome).toMatchObject({ access: { user: { role: "user", fullName: "Grace" } } });
  });

  test("a disabled user's session ends with its next refresh, for good", async () => {
    const { id, userId, refreshToken } = await signedInSession(database.db, T0);
    const setDisabled = (disabledAt: Date | null) =>
      database.db.updateTable("users").set({ disabledAt }).where("id", "=", userId).execute();
    await setDisabled(later(300));
    expect((await ask(refreshToken, 600)).said).toBe("over");
    expect(await readSession(database.db, id)).toMatchObject({ revokedReason: "user disabled" });
    await setDisabled(null);
    expect((await ask(refreshToken, 601)).said).toBe("over");
  });
});

describe("limits of time", () => {
  test("somebody who comes every six days stays, until the absolute limit and not a moment longer", async () => {
    const { id, refreshToken } = await signedInSession(database.db, T0);
    let token = refreshToken;
    for (const day of [6, 12, 18, 24]) {
      const step = await ask(token, day * DAYS);
      expect(step.said).toBe("rotate");
      const { cookies } = step.outcome as { cookies: { maxAgeSeconds: number }[] };
      expect(cookies[1]!.maxAgeSeconds).toBe(Math.min(7, 30 - day) * DAYS);
      token = step.token;
    }
    const last = await ask(token, 30 * DAYS - 100);
    expect(last.outcome).toMatchObject({ access: { expiresAt: new Date("2026-12-21T12:00:00Z") } });
    expect((await readSession(database.db, id)).idleExpiresAt).toEqual(later(30 * DAYS));
    expect((await ask(last.token, 30 * DAYS)).said).toBe("over");
    expect((await ask(last.token, 31 * DAYS)).said).toBe("over");
  });

  test("cookie, token and row end together", async () => {
    const { id, refreshToken } = await signedInSession(database.db, T0);
    const { token, outcome } = await ask(refreshToken, 3 * DAYS);
    const { cookies } = outcome as { cookies: { maxAgeSeconds: number }[] };
    expect(cookies.map(({ maxAgeSeconds }) => Math.round(maxAgeSeconds))).toEqual([540, 7 * DAYS]);
    expect((await readSession(database.db, id)).idleExpiresAt).toEqual(later(10 * DAYS));
    expect(await readRefreshToken(token, later(10 * DAYS - 1))).toMatchObject({ generation: 1 });
    expect((await ask(token, 10 * DAYS)).said).toBe("over");
  });

  test("a session that is not to be remembered has cookies that end with the browser", async () => {
    const { refreshToken } = await signedInSession(database.db, T0, { remember: false });
    const { outcome } = await ask(refreshToken, 600);
    expect((outcome as { cookies: object[] }).cookies).toMatchObject([
      { maxAgeSeconds: null },
      { maxAgeSeconds: null },
    ]);
  });

  test("sessions live on through a change of every duration, and back", async () => {
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
    expect((await ask(refreshTokenIn(outcome as { cookies?: [] })!, 3 * DAYS + 20)).said).toBe("fresh");
    expect((await ask(refreshTokenIn(outcome as { cookies?: [] })!, 3 * DAYS + 40)).said).toBe("rotate");
  });

  test("secrets may change while sessions live", async () => {
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

describe("what it costs", () => {
  test.each([
    ["rotate", 1, 600, 1200, 2],
    ["fresh", 1, 600, 610, 1],
    ["reissue", 0, 600, 610, 2],
    ["recover", 0, 600, 1200, 2],
    ["replayed", -1, 600, 1200, 2],
    ["fresh", "another browser", 600, 610, 1],
  ] as const)("%s", async (said, which, first, second, statements) => {
    const { refreshToken } = await signedInSession(database.db, T0);
    const { token } = await ask(refreshToken, first);
    const newest = which === -1 ? (await ask(token, first + 40)).token : token;
    const presented = which === 1 ? newest : refreshToken;
    const client = which === "another browser" ? MALLORY : ADA;
    const counted = await countStatements(database.url, async (db) => {
      const outcome = await refresh(db, presented, client, later(second));
      expect("verdict" in outcome ? outcome.verdict : "reason" in outcome && outcome.reason).toBe(said);
    });
    expect(counted).toBe(statements);
  });
});

describe("more than 60 a minute", () => {
  test("are refused without a statement, for this session alone, and say nothing about it", async () => {
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
    expect((await ask(other.refreshToken, 601)).said).toBe("rotate");
    expect((await ask(refreshToken, 660)).said).toBe("recover");
  });
});

describe("a fault ends nothing", () => {
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
    expect((await ask(refreshToken, 601)).said).toBe("rotate");
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

  test("a row that a stuck client has locked: 503 for this one in time, nothing for others", async () => {
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
    expect((await ask(refreshToken, 601)).said).toBe("rotate");
  });
});

test("a revoked session says so, whichever of its tokens is presented", async () => {
  const { id, refreshToken } = await signedInSession(database.db, T0);
  const { token } = await ask(refreshToken, 600);
  await endSession(database.db, { id }, "logout");
  for (const presented of [token, refreshToken]) expect((await ask(presented, 610)).said).toBe("over");
  expect(await readSession(database.db, id)).toMatchObject({ revokedReason: "logout", generation: 1 });
});
