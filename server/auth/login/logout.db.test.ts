import { sql, type Kysely } from "kysely";
import { afterEach, beforeAll, beforeEach, describe, expect, test, vi } from "vitest";
import { connect } from "@/db/connect";
import { changePassword } from "@/db/tables/revocations";
import type { Database } from "@/db/schema";
import { atOnce, existingSession, newSession, readSession, useTestDatabase } from "@/db/testing";
import { findUserById } from "@/db/tables/users";
import { authenticateAccessToken } from "@/server/auth/gate/authenticate";
import { readCookies } from "@/server/auth/tokens/cookies";
import {
  callerWith,
  connectThroughProxy,
  cookieHeader,
  countStatements,
  later,
  reasonOf,
  refreshTokenIn,
  signedInSession,
  T0,
  type SignedInTestSession,
} from "@/server/auth/db-testing";
import { endSession } from "@/server/auth/sessions/end-session";
import { mintEndToken } from "@/server/auth/tokens/end-token";
import { endByEndToken, logout, logoutEverywhere, logoutOthers } from "./logout";
import type { Refusal } from "@/server/auth/policy/refusals";
import { refresh } from "@/server/auth/sessions/refresh";
import { readRevocations } from "@/server/auth/sessions/revocation-feed";
import { openSession } from "@/server/auth/sessions/open-session";
import { listSessions } from "@/server/auth/sessions/sessions";
import { ADA, anotherInstance, MALLORY } from "@/server/auth/testing";

const database = useTestDatabase();
beforeAll(() => readRevocations(database.db));

const cookiesOf = (session: Partial<SignedInTestSession>) => readCookies(cookieHeader(session));

describe("logout revokes the session", () => {
  test.each<[string, (session: SignedInTestSession) => Partial<SignedInTestSession>, number]>([
    ["by both cookies", (session) => session, 10],
    ["by the refresh token alone", ({ refreshToken }) => ({ refreshToken }), 10],
    ["by the access token alone", ({ accessToken }) => ({ accessToken }), 10],
    ["by an expired access token", (session) => session, 7200],
    ["by a refresh token beside a forged access token", (session) => ({ ...session, accessToken: "a.b.c" }), 10],
    ["by an access token beside a forged refresh token", (session) => ({ ...session, refreshToken: "a.b.c" }), 10],
  ])("%s", async (_, presented, seconds) => {
    const session = await signedInSession(database.db, T0);
    await logout(database.db, cookiesOf(presented(session)), ADA, later(seconds));
    expect(await readSession(database.db, session.id)).toMatchObject({ revokedReason: "logout" });
    expect(await authenticateAccessToken(database.db, session.accessToken, ADA, later(10))).toBeNull();
    expect((await refresh(database.db, session.refreshToken, ADA, later(600))).kind).toBe("ended");
  });

  test("by a retired refresh token, whose holder was signed in", async () => {
    const session = await signedInSession(database.db, T0);
    const outcome = await refresh(database.db, session.refreshToken, ADA, later(600));
    await logout(database.db, cookiesOf({ refreshToken: session.refreshToken }), ADA, later(610));
    const newest = refreshTokenIn(outcome as { cookies?: [] })!;
    expect((await refresh(database.db, newest, ADA, later(620))).kind).toBe("ended");
  });

  test("and revokes both sessions if the cookies name two", async () => {
    const [one, other] = [await signedInSession(database.db, T0), await signedInSession(database.db, T0)];
    const mixed = { accessToken: one.accessToken, refreshToken: other.refreshToken };
    await logout(database.db, cookiesOf(mixed), ADA, later(10));
    for (const { id } of [one, other]) expect((await readSession(database.db, id)).revokedAt).not.toBeNull();
  });

  test.each([
    ["no cookies", {}],
    ["garbage", { accessToken: "x", refreshToken: "y" }],
  ])("and revokes nothing and does not fail with %s", async (_, presented) => {
    const statements = await countStatements(database.url, (db) => logout(db, cookiesOf(presented), ADA, later(10)));
    expect(statements).toBe(0);
  });

  test("but not by an access token from another network", async () => {
    const { id, accessToken } = await signedInSession(database.db, T0);
    await logout(database.db, cookiesOf({ accessToken }), MALLORY, later(10));
    expect((await readSession(database.db, id)).revokedAt).toBeNull();
  });

  test("with at most two statements", async () => {
    const session = await signedInSession(database.db, T0);
    expect(
      await countStatements(database.url, (db) => logout(db, cookiesOf(session), ADA, later(10))),
    ).toBeLessThanOrEqual(2);
    const [one, other] = [await signedInSession(database.db, T0), await signedInSession(database.db, T0)];
    const mixed = { accessToken: one.accessToken, refreshToken: other.refreshToken };
    expect(
      await countStatements(database.url, (db) => logout(db, cookiesOf(mixed), ADA, later(10))),
    ).toBeLessThanOrEqual(2);
  });
});

describe("the sessions of a user", () => {
  test("are all revoked by logout everywhere, and this instance refuses them before the response is sent", async () => {
    const session = await signedInSession(database.db, T0);
    const other = await openSession(database.db, session.user, true, MALLORY, T0);
    await logoutEverywhere(database.db, await callerWith(session), later(10));
    for (const id of [session.id, other!.id]) {
      expect(await readSession(database.db, id)).toMatchObject({ revokedReason: "logout everywhere" });
    }
    expect(await authenticateAccessToken(database.db, session.accessToken, ADA, later(10))).toBeNull();
    expect(await openSession(database.db, session.user, true, ADA, later(20))).toBeNull();
  });

  test("are revoked and counted by logoutOthers, except the current one", async () => {
    const session = await signedInSession(database.db, T0);
    for (let count = 0; count < 3; count++) await openSession(database.db, session.user, true, MALLORY, T0);
    expect(await logoutOthers(database.db, await callerWith(session), later(10))).toBe(3);
    expect(await logoutOthers(database.db, await callerWith(session), later(10))).toBe(0);
    expect((await readSession(database.db, session.id)).revokedAt).toBeNull();
    expect(await authenticateAccessToken(database.db, session.accessToken, ADA, later(10))).not.toBeNull();
  });

  test("are listed without tokens, and only if they are live and the user's own", async () => {
    const session = await signedInSession(database.db, T0);
    await signedInSession(database.db, T0);
    const other = await openSession(database.db, session.user, true, MALLORY, later(5));
    const dead = await openSession(database.db, session.user, true, MALLORY, later(6));
    await endSession(database.db, { id: dead!.id }, "revoked by user");
    const listed = await listSessions(database.db, await callerWith(session), later(10));
    expect(listed).toEqual([
      {
        id: other!.id,
        current: false,
        device: { browser: "Chrome", os: "Windows", type: "desktop" },
        ip: MALLORY.address,
        createdAt: later(5).toISOString(),
        lastSeenAt: later(5).toISOString(),
        expiresAt: later(5 + 604_800).toISOString(),
      },
      expect.objectContaining({ id: session.id, current: true }),
    ]);
    expect(JSON.stringify(listed)).not.toMatch(/nonce|token|eyJ/i);
  });

  test("of another user cannot be told from unknown ones", async () => {
    const [mine, theirs] = [await signedInSession(database.db, T0), await signedInSession(database.db, T0)];
    const asMe = { userId: mine.userId };
    expect(await endSession(database.db, { id: theirs.id, ...asMe }, "revoked by user")).toBe(false);
    expect(await endSession(database.db, { id: crypto.randomUUID(), ...asMe }, "revoked by user")).toBe(false);
    expect((await readSession(database.db, theirs.id)).revokedAt).toBeNull();
    expect(await authenticateAccessToken(database.db, theirs.accessToken, ADA, later(10))).not.toBeNull();
  });
});

test("logoutOthers of a session that is concurrently revoked on another instance revokes all others or none, and reports which", async () => {
  const elsewhere = connect(database.url);
  const instance = await anotherInstance(() => import("@/server/auth/sessions/end-session"));
  const round = async (index: number) => {
    const session = await signedInSession(database.db, T0);
    const caller = await callerWith(session);
    const { id: other } = await existingSession(database.db, { userId: session.userId, createdAt: T0 });
    const act = [logoutOthers, logoutEverywhere][index % 2]!;
    const acting = act(database.db, caller, later(10)).then(
      () => "done",
      (error: { reason: string }) => error.reason,
    );
    const revoking = async () => {
      // Delayed by so many statements, so that each order occurs.
      for (let wait = index % 8; wait > 0; wait--) await sql`select 1`.execute(elsewhere);
      await instance.endSession(elsewhere, session, "revoked by user");
    };
    const [outcome] = await Promise.all([acting, revoking()]);
    const isOtherLive = (await readSession(database.db, other)).revokedAt === null;
    expect(isOtherLive).toBe(outcome === "SESSION_ENDED");
    return outcome;
  };
  const outcomes: string[] = [];
  // Few concurrently: on a busy machine sixty would time out waiting for a connection.
  for (let first = 0; first < 64; first += 8) outcomes.push(...(await atOnce(8, (index) => round(first + index))));
  await elsewhere.destroy();
  // Both outcomes must occur, or nothing raced.
  expect(new Set(outcomes)).toEqual(new Set(["done", "SESSION_ENDED"]));
});

describe("a refresh that races the revocation of its session", () => {
  const ROUNDS = 250;
  const AT_ONCE = 20;
  type End = (db: Kysely<Database>, session: SignedInTestSession) => Promise<unknown>;

  test.each<[string, End]>([
    ["logout", (db, session) => logout(db, cookiesOf(session), ADA, later(601))],
    ["logout everywhere", async (db, session) => logoutEverywhere(db, await callerWith(session), later(601))],
    [
      "a change of the password elsewhere",
      async (db, { userId }) => {
        const { id: sessionId } = await existingSession(db, { userId, createdAt: later(600) });
        const { passwordHash: oldHash } = (await findUserById(db, userId))!;
        const session = newSession(userId, { createdAt: later(601) });
        const change = { userId, sessionId, oldHash, newHash: "changed", session, now: later(601) };
        expect(await changePassword(db, change)).toBe("changed");
      },
    ],
    [
      "the disabling of the account",
      (db, { userId }) =>
        db
          .updateTable("users")
          .set({ disabledAt: later(600) })
          .where("id", "=", userId)
          .execute(),
    ],
  ])("%s: after 250 rounds no session is live and no token is accepted", async (_, end) => {
    const elsewhere = connect(database.url);
    const instance = await anotherInstance(() => import("@/server/auth/sessions/refresh"));
    const round = async (index: number) => {
      const session = await signedInSession(database.db, T0);
      // Different delays on both sides every time, so that each order of statements occurs, however many statements one side takes.
      const ending = async () => {
        for (let wait = index % 5; wait > 0; wait--) await new Promise(setImmediate);
        await end(database.db, session);
      };
      const refreshing = async () => {
        for (let wait = index % 8; wait > 0; wait--) await sql`select 1`.execute(elsewhere);
        return instance.refresh(elsewhere, session.refreshToken, ADA, later(600));
      };
      const [outcome] = await Promise.all([refreshing(), ending()]);

      const newest = refreshTokenIn(outcome as { cookies?: [] });
      for (const token of newest === null ? [session.refreshToken] : [newest, session.refreshToken]) {
        for (const seconds of [602, 640]) {
          expect((await instance.refresh(elsewhere, token, ADA, later(seconds))).kind).toBe("ended");
        }
      }
      expect((await readSession(database.db, session.id)).revokedAt).not.toBeNull();
      return outcome.kind;
    };
    const outcomes: string[] = [];
    for (let first = 0; first < ROUNDS; first += AT_ONCE) {
      outcomes.push(...(await Promise.all(Array.from({ length: AT_ONCE }, (_, index) => round(first + index)))));
    }
    await elsewhere.destroy();
    // Both outcomes must occur, or nothing raced.
    expect(new Set(outcomes)).toEqual(new Set(["refreshed", "ended"]));
  });

  test.each<[string, End]>([
    ["a revocation", (db, { id }) => db.updateTable("sessions").set({ revokedAt: T0 }).where("id", "=", id).execute()],
    [
      "the disabling of the account",
      (db, { userId }) => db.updateTable("users").set({ disabledAt: T0 }).where("id", "=", userId).execute(),
    ],
  ])("fails if it was decided before %s and written after it", async (_, end) => {
    const elsewhere = connect(database.url, { poolSize: 1 });
    const session = await signedInSession(database.db, T0);
    const refreshing = await database.db.transaction().execute(async (trx) => {
      await trx.selectFrom("sessions").select("id").where("id", "=", session.id).forUpdate().execute();
      const started = refresh(elsewhere, session.refreshToken, ADA, later(600));
      const waiting = sql`select 1 from information_schema.processlist
        where db = database() and info like ${"update `sessions` set `previous_nonce`%"}`;
      await vi.waitFor(async () => expect((await waiting.execute(trx)).rows).toHaveLength(1), { timeout: 20_000 });
      await end(trx, session);
      return { started };
    });
    expect((await refreshing.started).kind).toBe("ended");
    expect(await readSession(database.db, session.id)).toMatchObject({ generation: 0 });
    await elsewhere.destroy();
  });
});

test("logout everywhere revokes a session opened by an instance whose clock is ahead", async () => {
  const session = await signedInSession(database.db, T0);
  const { userId } = session;
  const user = await database.db.selectFrom("users").selectAll().where("id", "=", userId).executeTakeFirstOrThrow();
  const ahead = (await openSession(database.db, user, true, ADA, later(60)))!;
  await logoutEverywhere(database.db, await callerWith(session), later(10));
  expect((await readSession(database.db, ahead.id)).revokedReason).toBe("logout everywhere");
});

describe("a logout while the database is unavailable", () => {
  type Proxy = Awaited<ReturnType<typeof connectThroughProxy>>;
  const AWAY_TOO_LONG = { timeout: 20_000, interval: 50 };
  let proxy: Proxy;
  let session: SignedInTestSession;
  beforeEach(async () => {
    proxy = await connectThroughProxy(database.url);
    session = await signedInSession(database.db, T0);
    await authenticateAccessToken(proxy.db, session.accessToken, ADA, later(1));
    await proxy.disconnect();
  });
  afterEach(() => proxy.close());

  const endTokenOf = (logout: Promise<unknown>) =>
    logout.then(
      () => expect.fail("the logout was said to be done"),
      (error: unknown) => {
        expect(error).toMatchObject({ reason: "UNAVAILABLE" });
        return (error as Refusal).details.endToken!;
      },
    );
  const isRevoked = async ({ id }: { id: string }) => (await readSession(database.db, id)).revokedAt !== null;

  test("reports a failure, refuses the session on this instance at once, and revokes it when the database is available", async () => {
    await endTokenOf(logout(proxy.db, cookiesOf(session), ADA, later(10)));
    expect(await isRevoked(session)).toBe(false);
    // Through a pool that reaches the database, as in the moment before the queued revocation is written.
    expect(await authenticateAccessToken(database.db, session.accessToken, ADA, later(11))).toBeNull();
    expect(await refresh(database.db, session.refreshToken, ADA, later(600))).toEqual({
      kind: "ended",
      reason: "over",
    });
    await proxy.reconnect();
    await vi.waitFor(async () => expect(await isRevoked(session)).toBe(true), AWAY_TOO_LONG);
    expect((await readSession(database.db, session.id)).revokedReason).toBe("logout");
  });

  test("revokes both sessions if the cookies name two", async () => {
    const other = await signedInSession(database.db, T0);
    const mixed = { accessToken: session.accessToken, refreshToken: other.refreshToken };
    await endTokenOf(logout(proxy.db, cookiesOf(mixed), ADA, later(10)));
    await proxy.reconnect();
    for (const one of [session, other]) {
      await vi.waitFor(async () => expect(await isRevoked(one)).toBe(true), AWAY_TOO_LONG);
    }
  });

  test("everywhere revokes every session that was open then, and none opened since", async () => {
    const open = (now: Date) => openSession(database.db, session.user, true, ADA, now);
    const other = (await open(later(5)))!;
    await endTokenOf(logoutEverywhere(proxy.db, await callerWith(session), later(10)));
    const since = (await open(later(11)))!;
    expect((await refresh(database.db, session.refreshToken, ADA, later(600))).kind).toBe("ended");
    await proxy.reconnect();
    for (const one of [session, other]) {
      await vi.waitFor(async () => expect(await isRevoked(one)).toBe(true), AWAY_TOO_LONG);
    }
    expect(await isRevoked(since)).toBe(false);
  });

  test("can be repeated with its end token on another instance", async () => {
    const endToken = await endTokenOf(logout(proxy.db, cookiesOf(session), ADA, later(10)));
    const elsewhere = await anotherInstance(() => import("./logout"));
    expect(await elsewhere.endByEndToken(database.db, endToken, cookiesOf({}), later(20))).toBe(false);
    expect(await isRevoked(session)).toBe(true);
  });

  test("everywhere can be repeated with its end token and does not revoke sessions opened since", async () => {
    const other = (await openSession(database.db, session.user, true, ADA, later(5)))!;
    const endToken = await endTokenOf(logoutEverywhere(proxy.db, await callerWith(session), later(10)));
    const since = (await openSession(database.db, session.user, true, ADA, later(11)))!;
    const elsewhere = await anotherInstance(() => import("./logout"));
    await elsewhere.endByEndToken(database.db, endToken, cookiesOf({}), later(20));
    expect(await Promise.all([session, other, since].map(isRevoked))).toEqual([true, true, false]);
  });

  test("behaves as with any other error: the cookies are cleared", async () => {
    const broken = connect(new URL("/not_there", database.url).href);
    const endToken = await endTokenOf(logout(broken, cookiesOf(session), ADA, later(10)));
    await broken.destroy();
    await endByEndToken(database.db, endToken, cookiesOf({}), later(20));
    expect(await isRevoked(session)).toBe(true);
  });

  test("is retried once more when the process stops", async () => {
    const { closeDatabase } = await import("@/server/runtime/database");
    const shared = globalThis as Record<symbol, unknown>;
    const own = shared[Symbol.for("portcullis.database")];
    shared[Symbol.for("portcullis.database")] = proxy.db;
    await endTokenOf(logout(proxy.db, cookiesOf(session), ADA, later(10)));
    await proxy.reconnect();
    await closeDatabase();
    expect(await isRevoked(session)).toBe(true);
    if (own !== undefined) shared[Symbol.for("portcullis.database")] = own;
  });
});

describe("an end token", () => {
  const endTokenFor = ({ id }: { id: string }, now = T0) =>
    mintEndToken({ sessionIds: [id], reason: "cookies not kept" }, now);

  test("revokes the session if the browser kept neither cookie, or only the access cookie", async () => {
    for (const kept of [() => ({}), ({ accessToken }: SignedInTestSession) => ({ accessToken })]) {
      const session = await signedInSession(database.db, T0);
      expect(await endByEndToken(database.db, await endTokenFor(session), cookiesOf(kept(session)), later(1))).toBe(
        false,
      );
      expect(await readSession(database.db, session.id)).toMatchObject({ revokedReason: "cookies not kept" });
    }
  });

  test("does not revoke the session that the browser holds, whatever the generation of its refresh cookie", async () => {
    const session = await signedInSession(database.db, T0);
    const rotated = refreshTokenIn(
      (await refresh(database.db, session.refreshToken, ADA, later(600))) as { cookies?: [] },
    )!;
    for (const refreshToken of [session.refreshToken, rotated]) {
      expect(
        await endByEndToken(database.db, await endTokenFor(session), cookiesOf({ refreshToken }), later(601)),
      ).toBe(true);
    }
    expect((await readSession(database.db, session.id)).revokedAt).toBeNull();
  });

  test("does not revoke a session that it does not name", async () => {
    const [old, newer] = [await signedInSession(database.db, T0), await signedInSession(database.db, T0)];
    await endByEndToken(database.db, await endTokenFor(old), cookiesOf(newer), later(1));
    expect((await readSession(database.db, old.id)).revokedAt).not.toBeNull();
    expect((await readSession(database.db, newer.id)).revokedAt).toBeNull();
  });

  test("is not accepted as access or refresh token, and those are not accepted as end token", async () => {
    const session = await signedInSession(database.db, T0);
    const endToken = await endTokenFor(session);
    expect(await authenticateAccessToken(database.db, endToken, ADA, later(1))).toBeNull();
    expect((await refresh(database.db, endToken, ADA, later(1))).kind).toBe("unreadable");
    for (const token of [session.accessToken, session.refreshToken, `${endToken}x`, "", "a.b.c"]) {
      expect(await reasonOf(endByEndToken(database.db, token, cookiesOf({}), later(1)))).toBe("BAD_INPUT");
    }
    expect((await readSession(database.db, session.id)).revokedAt).toBeNull();
  });

  test("is ignored after the maximum lifetime of a session", async () => {
    const session = await signedInSession(database.db, T0);
    expect(await endByEndToken(database.db, await endTokenFor(session), cookiesOf({}), later(2_592_001))).toBe(false);
    expect((await readSession(database.db, session.id)).revokedAt).toBeNull();
  });
});
