import { beforeAll, describe, expect, test } from "vitest";
import { readSession, useTestDatabase } from "@/db/testing";
import { authenticateAccessToken } from "@/server/auth/gate/authenticate";
import {
  callerWith,
  cookiesOf,
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
import { refresh } from "@/server/auth/sessions/refresh";
import { readRevocations } from "@/server/auth/sessions/revocation-feed";
import { openSession } from "@/server/auth/sessions/open-session";
import { listSessions } from "@/server/auth/sessions/sessions";
import { ADA, MALLORY } from "@/server/auth/testing";

const database = useTestDatabase();
beforeAll(() => readRevocations(database.db));

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

test("logout everywhere revokes a session opened by an instance whose clock is ahead", async () => {
  const session = await signedInSession(database.db, T0);
  const { userId } = session;
  const user = await database.db.selectFrom("users").selectAll().where("id", "=", userId).executeTakeFirstOrThrow();
  const ahead = (await openSession(database.db, user, true, ADA, later(60)))!;
  await logoutEverywhere(database.db, await callerWith(session), later(10));
  expect((await readSession(database.db, ahead.id)).revokedReason).toBe("logout everywhere");
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
