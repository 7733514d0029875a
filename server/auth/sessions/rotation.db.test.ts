import { describe, expect, test } from "vitest";
import { connect } from "@/db/connect";
import { atOnce, concurrencyOn, readSession } from "@/db/testing";
import { countStatements, later, refreshTokenIn, signedInSession, T0, useRefreshes } from "@/server/auth/db-testing";
import { refresh } from "./refresh";
import { ADA, anotherInstance, clientAt, MALLORY, newClient } from "@/server/auth/testing";

const { database, refreshAt } = useRefreshes();

const MINUTES = 60;
const DAYS = 86_400;

const DESKTOP = newClient(
  "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/140.0.0.0 Safari/537.36",
);
const PHONE = newClient(
  "Mozilla/5.0 (iPhone; CPU iPhone OS 18_5 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.5 Mobile/15E148 Safari/604.1",
);

const loadRefresh = () => import("./refresh");

describe("a hundred at once", () => {
  test("over two instances, each judged by itself: all refreshed, one successor, one rotation", async () => {
    const { id, refreshToken } = await signedInSession(database.db, T0);
    // On a busy machine the last of fifty requests waits longer than 2 s for one of ten connections.
    const pools = [1, 2].map(() => connect(database.url, { acquireSeconds: 10 }));
    const instances = [await anotherInstance(loadRefresh), await anotherInstance(loadRefresh)];
    // With an address of its own, no request shares the refresh of another.
    const outcomes = await atOnce(await concurrencyOn(database.db, 100), (index) =>
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
    expect((await refreshAt(successor!, 1200)).result).toBe("rotate");
  });

  test("from two tabs of one phone, one of them requesting the desktop site: both are refreshed", async () => {
    const chrome = (system: string, form: string) =>
      clientAt(ADA.address, `Mozilla/5.0 (${system}) AppleWebKit/537.36 Chrome/140.0.0.0 ${form}Safari/537.36`);
    const tabs = [chrome("Linux; Android 10; K", "Mobile "), chrome("X11; Linux x86_64", "")];
    const { refreshToken } = await signedInSession(database.db, T0, { client: tabs[0] });
    const answers = await Promise.all(tabs.map((tab) => refreshAt(refreshToken, 600, tab)));
    expect(answers.map(({ result }) => result).sort()).toEqual(["reissue", "rotate"]);
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

  test("with a token whose response was lost a day ago: one replacement for all", async () => {
    const { id, refreshToken } = await signedInSession(database.db, T0);
    await refreshAt(refreshToken, 600);
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

  test("a thief at the same moment does not share the owner's refresh", async () => {
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
    expect((await refreshAt(refreshToken, 631, loser)).result).toBe("replayed");
    expect((await readSession(database.db, id)).revokedReason).toBe("replayed");
  });
});

describe("a lost response", () => {
  test.each([
    ["2 seconds", 2, "reissue", 0],
    ["30 seconds", 30, "reissue", 0],
    ["10 minutes", 10 * MINUTES, "recover", 1],
    ["2 days", 2 * DAYS, "recover", 1],
  ])(
    "and the old token again after %s: signed in, and recorded if it is late",
    async (_, seconds, verdict, recoveries) => {
      const { id, refreshToken } = await signedInSession(database.db, T0);
      const lost = await refreshAt(refreshToken, 600);
      const again = await refreshAt(refreshToken, 600 + seconds);
      expect(again.result).toBe(verdict);
      expect(again.token === lost.token).toBe(verdict === "reissue");
      expect(await readSession(database.db, id)).toMatchObject({ recoveries, revokedAt: null });
      expect((await refreshAt(again.token, 1200 + seconds)).result).toBe("rotate");
    },
  );

  test("time after time for three days: the session stays signed in", async () => {
    const { id, refreshToken } = await signedInSession(database.db, T0);
    for (let hour = 1; hour <= 72; hour += 4)
      expect((await refreshAt(refreshToken, hour * 3600)).outcome.kind).toBe("refreshed");
    expect(await readSession(database.db, id)).toMatchObject({ generation: 18, recoveries: 17, revokedAt: null });
  });

  test("of a recovery: the next recovery invalidates the undelivered replacement", async () => {
    const { refreshToken } = await signedInSession(database.db, T0);
    const first = await refreshAt(refreshToken, 600);
    const replacement = await refreshAt(refreshToken, 1200);
    const last = await refreshAt(refreshToken, 1800);
    expect(new Set([first.token, replacement.token, last.token]).size).toBe(3);
    expect((await refreshAt(last.token, 2400)).result).toBe("rotate");
  });
});

describe("within the window", () => {
  test("the successor is fresh: no second rotation, and the refresh cookie is not sent again", async () => {
    const { id, refreshToken } = await signedInSession(database.db, T0);
    const { token: first } = await refreshAt(refreshToken, 600);
    const { result, outcome } = await refreshAt(first, 610);
    expect(result).toBe("fresh");
    expect(refreshTokenIn(outcome as { cookies?: [] })).toBeNull();
    // A slow third request, sent before the first response arrived.
    expect(await refreshAt(refreshToken, 612)).toMatchObject({ result: "reissue", token: first });
    expect((await readSession(database.db, id)).generation).toBe(1);
    expect((await refreshAt(first, 612 + 31)).result).toBe("rotate");
  });

  test("a slow old response overwrites newer cookies: the token it sets is still accepted", async () => {
    const { refreshToken } = await signedInSession(database.db, T0);
    const { token: slow } = await refreshAt(refreshToken, 600);
    const { token: newer } = await refreshAt(slow, 1200);
    expect(await refreshAt(slow, 1205)).toMatchObject({ result: "reissue", token: newer });
    const { result, token } = await refreshAt(slow, 1800);
    expect(result).toBe("recover");
    expect((await refreshAt(token, 2400)).result).toBe("rotate");
  });

  test("reissues extend it to ten windows at most", async () => {
    const { refreshToken } = await signedInSession(database.db, T0);
    await refreshAt(refreshToken, 600);
    const result = [];
    for (let seconds = 625; seconds <= 925; seconds += 25) result.push((await refreshAt(refreshToken, seconds)).result);
    expect(result).toEqual([...Array<string>(12).fill("reissue"), "fresh"]);
    // Responses in transit have arrived by then.
    expect((await refreshAt(refreshToken, 931)).result).toBe("recover");
  });

  test("two tokens issued in one second differ", async () => {
    const { refreshToken } = await signedInSession(database.db, T0);
    await refreshAt(refreshToken, 600);
    const { token: one } = await refreshAt(refreshToken, 700);
    const { token: other } = await refreshAt(one, 731);
    const { token: third } = await refreshAt(one, 762);
    expect(new Set([one, other, third]).size).toBe(3);
  });
});

describe("two clients with one token", () => {
  test.each([
    ["the thief first", MALLORY, ADA],
    ["the owner first", ADA, MALLORY],
  ])("%s, from another browser: the second one's refresh ends the session for both", async (_, first, second) => {
    const { id, refreshToken } = await signedInSession(database.db, T0);
    const early = await refreshAt(refreshToken, 600, first);
    expect(early.result).toBe("rotate");
    // Within the window it could be one browser with two user agents: an access token, but no refresh token.
    const inside = await refreshAt(refreshToken, 605, second);
    expect([inside.result, refreshTokenIn(inside.outcome as { cookies?: [] })]).toEqual(["fresh", null]);
    expect((await refreshAt(refreshToken, 631, second)).result).toBe("replayed");
    expect(await readSession(database.db, id)).toMatchObject({ revokedReason: "replayed" });
    expect((await refreshAt(early.token, 632, first)).result).toBe("over");
    expect((await refreshAt(refreshToken, 632, second)).result).toBe("over");
  });

  test.each([
    ["the thief", clientAt("198.51.100.66"), ADA],
    ["the owner", ADA, clientAt("198.51.100.66")],
  ])("%s first, with the same browser: detected when that one refreshes again", async (_, first, second) => {
    const { id, refreshToken } = await signedInSession(database.db, T0);
    const early = await refreshAt(refreshToken, 600, first);
    const late = await refreshAt(refreshToken, 1200, second);
    expect(late.result).toBe("recover");
    expect((await refreshAt(early.token, 1210, first)).result).toBe("replayed");
    expect((await refreshAt(late.token, 1220, second)).result).toBe("over");
    expect(await readSession(database.db, id)).toMatchObject({ revokedReason: "replayed", recoveries: 1 });
  });

  test("a token of three generations back ends the session, newest token included", async () => {
    const { refreshToken } = await signedInSession(database.db, T0);
    let newest = refreshToken;
    for (const seconds of [600, 1200, 1800]) newest = (await refreshAt(newest, seconds)).token;
    expect((await refreshAt(refreshToken, 1801)).result).toBe("replayed");
    expect((await refreshAt(newest, 1802)).result).toBe("over");
  });
});
