import type { Kysely } from "kysely";
import { describe, expect, test } from "vitest";
import { connect } from "@/db/connect";
import type { Database, SessionRow } from "@/db/schema";
import { atOnce, concurrencyOn, readSession } from "@/db/testing";
import {
  countStatements,
  later,
  reasonOf,
  secondsPass,
  refreshTokenIn,
  signedInSession,
  T0,
  useRefreshes,
} from "@/server/auth/db-testing";
import { MAX_REPLICATION_LAG_SECONDS } from "@/server/auth/policy/lifetimes";
import { ADA, anotherInstance, clientAt, MALLORY, newClient } from "@/server/auth/testing";
import { mintRefreshToken, readRefreshToken } from "@/server/auth/tokens/refresh-token";
import { securityCounts } from "@/server/runtime/security-events";
import { endSession } from "./end-session";
import { refresh, tryRefresh, type RefreshOutcome } from "./refresh";

const { database, refreshAt } = useRefreshes();
const DAYS = 86_400;
/** The same browser at another place. */
const ADAS_TWIN = clientAt("198.51.100.66");

const loadRefresh = () => import("./refresh");

function resultOf(outcome: RefreshOutcome): string {
  return outcome.kind === "refreshed" ? outcome.verdict : outcome.kind === "ended" ? outcome.reason : outcome.kind;
}

/** What a fail-over or a restore leaves: the row as it was at an earlier time. */
async function putBack(row: SessionRow): Promise<void> {
  const { id, generation, currentNonce, previousNonce, rotatedAt, handedAt, lastSeenAt, idleExpiresAt } = row;
  const { ip, userAgent, browser, os, deviceType, recoveredAt, recoveries, revokedAt, revokedReason } = row;
  await database.db
    .updateTable("sessions")
    .set({ generation, currentNonce, previousNonce, rotatedAt, handedAt, lastSeenAt, idleExpiresAt })
    .set({ ip, userAgent, browser, os, deviceType, recoveredAt, recoveries, revokedAt, revokedReason })
    .where("id", "=", id)
    .execute();
}

/** A session with its rows and tokens after each of `rotations`, one every ten minutes. */
async function rotatedSession(rotations: number) {
  const session = await signedInSession(database.db, T0);
  const tokens = [session.refreshToken];
  const rows = [await readSession(database.db, session.id)];
  for (let rotation = 1; rotation <= rotations; rotation++) {
    tokens.push((await refreshAt(tokens.at(-1)!, 600 * rotation)).token);
    rows.push(await readSession(database.db, session.id));
  }
  return { id: session.id, userId: session.userId, tokens, rows };
}

/** A connection to a node that lags: the first `reads` of a session show `row`. Writes go to the row as it is. */
function laggingNode(row: SessionRow, reads: number): Kysely<Database> {
  let shown = 0;
  const selects = new WeakSet<object>();
  return database.db.withPlugin({
    transformQuery: ({ node, queryId }) => {
      if (node.kind === "SelectQueryNode") selects.add(queryId);
      return node;
    },
    transformResult: async ({ result, queryId }) => {
      if (!selects.has(queryId) || shown >= reads) return result;
      shown += 1;
      return { ...result, rows: [{ ...result.rows[0], ...row }] };
    },
  });
}

describe("a rotation that the database has lost", () => {
  test.each([1, 2, 8])(
    "%i generations back: the honest browser continues, and nothing is taken for theft",
    async (lost) => {
      const { id, tokens, rows } = await rotatedSession(8);
      const before = securityCounts();
      await putBack(rows[8 - lost]!);

      const { result, outcome } = await refreshAt(tokens[8]!, 6000);
      expect([result, refreshTokenIn(outcome as { cookies?: [] })], "the browser keeps its token").toEqual([
        "ahead",
        null,
      ]);
      expect(await readSession(database.db, id)).toMatchObject({
        generation: 8,
        currentNonce: rows[8]!.currentNonce,
        previousNonce: rows[8]!.previousNonce,
        idleExpiresAt: new Date(Math.floor(rows[8]!.idleExpiresAt.getTime() / 1000) * 1000),
        handedAt: later(6000),
        lastSeenAt: later(6000),
        revokedAt: null,
      });
      expect((await refreshAt(tokens[8]!, 6030)).result).toBe("fresh");
      expect((await refreshAt(tokens[8]!, 6031)).result).toBe("rotate");
      const after = securityCounts();
      expect(after["session-ahead"] - before["session-ahead"]).toBe(1);
      expect(after["session-replayed"] - before["session-replayed"]).toBe(0);
    },
  );

  test("is repeated with the same result: both replies carry one token family", async () => {
    const { id, tokens, rows } = await rotatedSession(1);
    await putBack(rows[0]!);
    const again = await refreshAt(tokens[0]!, 605);
    expect(again.result).toBe("rotate");
    expect((await readSession(database.db, id)).currentNonce).toBe(rows[1]!.currentNonce);
    expect((await refreshAt(tokens[1]!, 1200)).result, "the token of the lost rotation").toBe("rotate");
  });

  test("and a recovery are repeated with the same result", async () => {
    const { id, tokens, rows } = await rotatedSession(1);
    const recovered = await refreshAt(tokens[0]!, 1200);
    expect(recovered.result).toBe("recover");
    const row = await readSession(database.db, id);
    await putBack(rows[1]!);
    expect((await refreshAt(tokens[0]!, 1205)).result).toBe("recover");
    expect(await readSession(database.db, id)).toMatchObject({ generation: 2, currentNonce: row.currentNonce });
    await putBack(rows[0]!);
    expect((await refreshAt(recovered.token, 1210)).result).toBe("ahead");
    expect((await refreshAt(tokens[0]!, 1215)).result, "the token before it").toBe("reissue");
  });

  test("is restored to the token that the browser has, byte for byte", async () => {
    const { tokens, rows } = await rotatedSession(2);
    await putBack(rows[0]!);
    await refreshAt(tokens[2]!, 1300);
    const slow = await refreshAt(tokens[1]!, 1305);
    expect([slow.result, slow.token]).toEqual(["reissue", tokens[2]]);
  });

  test("is repeated with the same result while secrets are being changed", async () => {
    const { id, tokens, rows } = await rotatedSession(1);
    await putBack(rows[0]!);
    const SESSION_SECRET = "the session secret after the change, long";
    const during = { SESSION_SECRET, SESSION_SECRET_PREVIOUS: process.env.SESSION_SECRET! };
    const changed = await anotherInstance(loadRefresh, during);
    const outcome = await changed.refresh(database.db, tokens[0]!, ADA, later(605));
    expect(resultOf(outcome)).toBe("rotate");
    expect((await readSession(database.db, id)).currentNonce).toBe(rows[1]!.currentNonce);
    expect(resultOf(await changed.refresh(database.db, tokens[1]!, ADA, later(610)))).toBe("fresh");
  });

  test("leaves nothing to write within the window: the row's token may be in transit", async () => {
    const { id, tokens, rows } = await rotatedSession(2);
    await putBack({ ...rows[1]!, handedAt: later(1210) });
    const before = await readSession(database.db, id);
    expect((await refreshAt(tokens[2]!, 1240)).result).toBe("fresh");
    expect(await readSession(database.db, id)).toEqual(before);
    expect((await refreshAt(tokens[1]!, 1240)).result).toBe("fresh");
    expect((await refreshAt(tokens[2]!, 1241)).result).toBe("ahead");
  });

  test("takes two statements", async () => {
    const { tokens, rows } = await rotatedSession(3);
    await putBack(rows[0]!);
    const statements = await countStatements(database.url, async (db) => {
      expect(resultOf(await refresh(db, tokens[3]!, ADA, later(2400)))).toBe("ahead");
    });
    expect(statements).toBe(2);
  });

  test("had extended the idle limit: the session lives until the one that the token proves", async () => {
    const { id, tokens, rows } = await rotatedSession(1);
    await putBack({ ...rows[0]!, idleExpiresAt: later(900) });
    expect((await refreshAt(tokens[0]!, 1200)).result, "for every other token it has ended").toBe("over");
    expect((await refreshAt(tokens[1]!, 1200)).result).toBe("ahead");
    expect((await readSession(database.db, id)).idleExpiresAt).toEqual(new Date("2026-11-28T12:10:00Z"));
  });

  test("cannot extend the absolute limit", async () => {
    const { id, tokens, rows } = await rotatedSession(1);
    await putBack(rows[0]!);
    const absoluteExpiresAt = later(2 * DAYS);
    await database.db.updateTable("sessions").set({ absoluteExpiresAt }).where("id", "=", id).execute();
    expect((await refreshAt(tokens[1]!, 1200)).result).toBe("ahead");
    expect((await readSession(database.db, id)).idleExpiresAt).toEqual(absoluteExpiresAt);
  });
});

describe("a hundred at once after a loss", () => {
  async function refreshEverywhere(token: (index: number) => string, seconds: number) {
    // On a busy machine the last of fifty requests waits longer than 2 s for one of ten connections.
    const pools = [1, 2].map(() => connect(database.url, { acquireSeconds: 10 }));
    const instances = [await anotherInstance(loadRefresh), await anotherInstance(loadRefresh)];
    const outcomes = await atOnce(await concurrencyOn(database.db, 100), (index) =>
      instances[index % 2]!.refresh(pools[index % 2]!, token(index), newClient(), later(seconds + index / 1000)),
    );
    await Promise.all(pools.map((pool) => pool.destroy()));
    return outcomes;
  }

  test("with the token of the lost rotation, over two instances: one of them moves the row, all are refreshed", async () => {
    const { id, tokens, rows } = await rotatedSession(3);
    await putBack(rows[1]!);
    const outcomes = await refreshEverywhere(() => tokens[3]!, 2400);
    const results = outcomes.map(resultOf).sort();
    expect(results).toEqual(["ahead", ...Array<string>(results.length - 1).fill("fresh")]);
    expect(await readSession(database.db, id)).toMatchObject({ generation: 3, revokedAt: null });
    expect((await refreshAt(tokens[3]!, 3000)).result).toBe("rotate");
  });

  test("with the token of the lost rotation and the one before it: all are refreshed, with one successor", async () => {
    const { id, tokens, rows } = await rotatedSession(1);
    await putBack(rows[0]!);
    const outcomes = await refreshEverywhere((index) => tokens[index % 2]!, 1200);
    expect(outcomes.filter(({ kind }) => kind !== "refreshed")).toEqual([]);
    const writes = outcomes.map(resultOf).filter((result) => result === "rotate" || result === "ahead");
    expect(writes).toHaveLength(1);
    expect(await readSession(database.db, id)).toMatchObject({
      generation: 1,
      currentNonce: rows[1]!.currentNonce,
      revokedAt: null,
    });
    expect((await refreshAt(tokens[1]!, 1800)).result).toBe("rotate");
  });

  test("and a revocation: no row moves after it, and no refresh succeeds", async () => {
    for (let round = 0; round < 20; round++) {
      const { id, tokens, rows } = await rotatedSession(1);
      await putBack(rows[0]!);
      const elsewhere = await anotherInstance(loadRefresh);
      const [, ...outcomes] = await Promise.all([
        endSession(database.db, { id }, "logout"),
        ...Array.from({ length: 5 }, () => elsewhere.refresh(database.db, tokens[1]!, newClient(), later(1200))),
      ]);
      expect(outcomes.every((outcome) => ["ahead", "fresh", "over"].includes(resultOf(outcome)))).toBe(true);
      const row = await readSession(database.db, id);
      expect(row).toMatchObject({ revokedReason: "logout" });
      expect((await refreshAt(tokens[1]!, 1300)).result).toBe("over");
      expect(await readSession(database.db, id)).toEqual(row);
    }
  });
});

describe("an instance that has noticed a loss lets no window end for the length of one", () => {
  const load = async () => ({ ...(await import("./refresh")), ...(await import("./revocation-feed")) });

  async function noticingInstance() {
    const { contactDatabase, refresh: refreshThere } = await anotherInstance(load);
    await contactDatabase(database.db);
    const notice = async () => {
      await database.db.deleteFrom("heartbeats").execute();
      await contactDatabase(database.db);
    };
    const at = async (token: string, seconds: number) =>
      resultOf(await refreshThere(database.db, token, ADA, later(seconds)));
    return { notice, at };
  }

  test("a reissue is among the lost commits: the token in its response stays good", async () => {
    const { id, tokens } = await rotatedSession(1);
    const row = await readSession(database.db, id);
    expect((await refreshAt(tokens[0]!, 625)).result).toBe("reissue");
    await putBack(row);
    const { notice, at } = await noticingInstance();
    await notice();
    expect(await at(tokens[1]!, 631), "its row shows that the window is over").toBe("fresh");
    expect(await at(tokens[0]!, 632), "sent before the response of the reissue arrived").toBe("reissue");
    await secondsPass(31, async () => expect(await at(tokens[1]!, 663)).toBe("rotate"));
  });

  test("a second loss follows within a window: the browser continues with the token that it has", async () => {
    const { id, tokens, rows } = await rotatedSession(1);
    const recovered = await refreshAt(tokens[0]!, 1200);
    expect(recovered.result).toBe("recover");
    const { notice, at } = await noticingInstance();
    for (const seconds of [1201, 1202]) {
      await putBack(rows[0]!);
      await notice();
      expect(await at(tokens[0]!, seconds), "no lost rotation is repeated yet").toBe("fresh");
    }
    expect(await readSession(database.db, id)).toMatchObject({ generation: 0, revokedAt: null });
    await secondsPass(31, async () => {
      expect(await at(recovered.token, 1234)).toBe("ahead");
      expect(await at(tokens[0]!, 1235)).toBe("reissue");
    });
  });
});

describe("a thief after a loss", () => {
  test.each([
    ["the newest token, in another browser", 2],
    ["the one before it, in another browser", 1],
  ])("with %s: the session ends for both", async (_, which) => {
    const { id, tokens, rows } = await rotatedSession(2);
    await putBack(rows[0]!);
    expect((await refreshAt(tokens[which]!, 1800, MALLORY)).result).toBe("replayed");
    expect(await readSession(database.db, id)).toMatchObject({ generation: 0, revokedReason: "replayed" });
    expect((await refreshAt(tokens[2]!, 1801)).result).toBe("over");
  });

  test("with a retired token and the same browser is noticed when that one refreshes again", async () => {
    const { id, tokens, rows } = await rotatedSession(3);
    await putBack(rows[0]!);
    const thief = await refreshAt(tokens[0]!, 2400, ADAS_TWIN);
    expect(thief.result, "the loss has made it the current token again").toBe("rotate");
    expect((await refreshAt(tokens[3]!, 2460)).result).toBe("ahead");
    expect((await refreshAt(thief.token, 2520, ADAS_TWIN)).result).toBe("replayed");
    expect(await readSession(database.db, id)).toMatchObject({ revokedReason: "replayed" });
  });

  test("who refreshes more often than the owner is noticed when the owner's token arrives", async () => {
    const { id, tokens, rows } = await rotatedSession(1);
    await putBack(rows[0]!);
    let stolen = tokens[0]!;
    for (const seconds of [1200, 1800, 2400]) stolen = (await refreshAt(stolen, seconds, ADAS_TWIN)).token;
    expect((await refreshAt(tokens[1]!, 2500)).result).toBe("replayed");
    expect(await readSession(database.db, id)).toMatchObject({ revokedReason: "replayed" });
  });

  test.each([
    ["of a generation that the row had reached", { generation: 1 }],
    ["that names no predecessor, like one of an older version", { previousNonce: null }],
  ])("with a token %s moves no row: it is replayed", async (_, changes) => {
    const { id, rows } = await rotatedSession(1);
    const issued = { sessionId: id, generation: 5, nonce: "n".repeat(22), previousNonce: "p".repeat(22), ...changes };
    const token = await mintRefreshToken({ ...issued, issuedAt: later(700), expiresAt: later(DAYS) });
    expect((await refreshAt(token, 1200)).result).toBe("replayed");
    expect(await readSession(database.db, id)).toMatchObject({ currentNonce: rows[1]!.currentNonce, generation: 1 });
  });
});

describe("an ended session stays ended: a token ahead of its row proves nothing", () => {
  test.each<[string, Partial<SessionRow>]>([
    ["revoked", { revokedAt: T0, revokedReason: "logout" }],
    ["at its absolute limit", { absoluteExpiresAt: later(1200), idleExpiresAt: later(1200) }],
  ])("%s", async (_, changes) => {
    const { id, tokens, rows } = await rotatedSession(1);
    await putBack(rows[0]!);
    await database.db.updateTable("sessions").set(changes).where("id", "=", id).execute();
    expect((await refreshAt(tokens[1]!, 1200)).result).toBe("over");
    expect(await readSession(database.db, id)).toMatchObject({ generation: 0 });
  });

  test("of a disabled user", async () => {
    const { id, userId, tokens, rows } = await rotatedSession(1);
    await putBack(rows[0]!);
    await database.db.updateTable("users").set({ disabledAt: T0 }).where("id", "=", userId).execute();
    expect((await refreshAt(tokens[1]!, 1200)).result).toBe("over");
    expect(await readSession(database.db, id)).toMatchObject({ generation: 0, revokedReason: "user disabled" });
  });

  test("revoked, and the revocation itself is lost: the instance that knows it refuses every token", async () => {
    const { id, tokens, rows } = await rotatedSession(1);
    await endSession(database.db, { id }, "logout");
    for (const row of [rows[1]!, rows[0]!]) {
      await putBack(row);
      for (const token of tokens) expect((await refreshAt(token, 1200)).result).toBe("over");
    }
  });
});

describe("a node that lags shows an old row", () => {
  test("a good token that looks replayed there ends nothing: 503, and nothing is taken for theft", async () => {
    const { id, tokens, rows } = await rotatedSession(2);
    const before = securityCounts();
    const presented = await readRefreshToken(tokens[2]!, later(1200));
    if (presented === null || presented === "expired") throw new Error("The token was not read.");
    const unnamed = await mintRefreshToken({ ...presented, previousNonce: null });
    // From a browser that an update has renamed, and a token of a version that names no predecessor.
    for (const [token, client] of [
      [tokens[2]!, MALLORY],
      [unnamed, ADA],
    ] as const) {
      expect(await reasonOf(refresh(laggingNode(rows[0]!, 99), token, client, later(1800)))).toBe("UNAVAILABLE");
      expect(await readSession(database.db, id)).toEqual(rows[2]);
    }
    expect(securityCounts()["session-replayed"]).toBe(before["session-replayed"]);
    expect((await refreshAt(unnamed, 1800)).result).toBe("rotate");
  });

  test("a token that looks ahead there does not move the row back", async () => {
    const { id, tokens, rows } = await rotatedSession(3);
    const lagging = laggingNode(rows[0]!, 99);
    for (const token of [tokens[2]!, tokens[3]!]) {
      expect(await tryRefresh(lagging, token, ADA, later(2400))).toEqual({
        kind: "unavailable",
        status: 503,
        retryAfterSeconds: 1,
      });
    }
    expect(await readSession(database.db, id)).toEqual(rows[3]);
  });

  test("and then the new one: the token is judged again", async () => {
    const { tokens, rows } = await rotatedSession(2);
    const renamed = await refresh(laggingNode(rows[0]!, 1), tokens[2]!, MALLORY, later(1800));
    expect(resultOf(renamed)).toBe("rotate");
    const { tokens: others, rows: otherRows } = await rotatedSession(3);
    const retired = await refresh(laggingNode(otherRows[1]!, 2), others[0]!, ADA, later(2400));
    expect(resultOf(retired)).toBe("replayed");
  });
});

describe("a session that is not there", () => {
  async function deletedSession() {
    const session = await signedInSession(database.db, T0);
    await database.db.deleteFrom("sessions").where("id", "=", session.id).execute();
    return session;
  }

  test("is unavailable for a token that was just issued: the row may not have arrived yet", async () => {
    const { refreshToken } = await deletedSession();
    for (const seconds of [0, 1, MAX_REPLICATION_LAG_SECONDS - 1]) {
      expect(await tryRefresh(database.db, refreshToken, ADA, later(seconds))).toEqual({
        kind: "unavailable",
        status: 503,
        retryAfterSeconds: 1,
      });
    }
  });

  test("has ended for an older token", async () => {
    const { refreshToken } = await deletedSession();
    for (const seconds of [MAX_REPLICATION_LAG_SECONDS, 600, DAYS]) {
      expect((await refreshAt(refreshToken, seconds)).result).toBe("over");
    }
  });

  test("has ended for the instance that revoked it", async () => {
    const session = await signedInSession(database.db, T0);
    await endSession(database.db, { id: session.id }, "logout");
    await database.db.deleteFrom("sessions").where("id", "=", session.id).execute();
    expect((await refreshAt(session.refreshToken, 1)).result).toBe("over");
  });
});
