import { sql } from "kysely";
import { v7 as uuidv7 } from "uuid";
import { beforeEach, describe, expect, test } from "vitest";
import type { SessionRow, User } from "@/db/schema";
import { newSession, readSession, useTestDatabase } from "@/db/testing";
import {
  callerWith,
  cookiesOf,
  later,
  NEW_PASSWORD,
  PASSWORD,
  reasonOf,
  secondsPass,
  signedInSession,
  T0,
  signedIn,
} from "@/server/auth/db-testing";
import { mintConfirmation, newSalt } from "@/server/auth/email/confirmation-token";
import { hashPassword } from "@/server/auth/passwords/password";
import type { Purpose } from "@/server/auth/policy/confirmations";
import { ADA, anotherInstance, newClient } from "@/server/auth/testing";
import { mintRefreshToken } from "@/server/auth/tokens/refresh-token";

const database = useTestDatabase();
const passwordHash = await hashPassword(PASSWORD);

const load = async () => ({
  ...(await import("./refresh")),
  ...(await import("./revocation-feed")),
  ...(await import("@/server/auth/account/request-deletion")),
  ...(await import("@/server/auth/email/confirm")),
  ...(await import("@/server/auth/login/change-password")),
  ...(await import("@/server/auth/login/login")),
  ...(await import("@/server/auth/login/logout")),
});

let here: Awaited<ReturnType<typeof load>>;
beforeEach(async () => {
  here = await anotherInstance(load);
  await poll();
});

/** What a started feed does once a second. */
async function poll(): Promise<void> {
  await here.contactDatabase(database.db);
  await here.writeRevocationsAgain(database.db);
}

const readUser = (id: string): Promise<User> =>
  database.db.selectFrom("users").selectAll().where("id", "=", id).executeTakeFirstOrThrow();

/** A fail-over that lost what happened to this user since, and the heartbeats of the last seconds. */
async function putBack({ id, ...columns }: User): Promise<void> {
  await database.db.updateTable("users").set(columns).where("id", "=", id).execute();
  await database.db
    .updateTable("sessions")
    .set({ revokedAt: null, revokedReason: null })
    .where("userId", "=", id)
    .execute();
  await sql`update heartbeats set written_at = '2026-01-01'`.execute(database.db);
}

/** A signed-in user, and the row of the user at that time. */
async function signedInUser() {
  const email = `${crypto.randomUUID()}@example.test`;
  const session = await signedInSession(database.db, T0, { email, passwordHash, updatedAt: T0 });
  const user = await readUser(session.userId);
  const caller = await callerWith(session);
  return { session, user, caller, login: (password: string) => loginAs(email, password) };
}

function loginAs(email: string, password: string) {
  return here.login(database.db, { email, password, remember: true }, newClient(), null, later(60)).then(signedIn);
}

/** A session that was opened before, whose row no instance has seen: its end is known by its user alone. */
async function unknownSession(
  userId: string,
  createdAt = later(5),
): Promise<{ row: SessionRow; refreshToken: string }> {
  const session = newSession(userId, { createdAt, browser: ADA.browser, os: ADA.os });
  await database.db.insertInto("sessions").values(session).execute();
  const row = await readSession(database.db, session.id);
  const { id: sessionId, generation, currentNonce: nonce, previousNonce } = row;
  const issued = { issuedAt: row.rotatedAt, expiresAt: row.idleExpiresAt };
  const refreshToken = await mintRefreshToken({ sessionId, generation, nonce, previousNonce, ...issued });
  return { row, refreshToken };
}

const reasonAt = async (id: string) => (await readSession(database.db, id)).revokedReason;
const resultOf = async (token: string) => (await here.refresh(database.db, token, ADA, later(70))).kind;

describe("a logout everywhere that the database has lost", () => {
  test("is repeated: every session of then ends, and none that was opened since", async () => {
    const { session, user, caller } = await signedInUser();
    await here.logoutEverywhere(database.db, caller, later(10));
    await putBack(user);
    const [before, since] = [await unknownSession(user.id), await unknownSession(user.id, later(11))];
    expect([await resultOf(before.refreshToken), await resultOf(since.refreshToken)], "before it is repeated").toEqual([
      "ended",
      "refreshed",
    ]);
    await poll();
    expect(await readUser(user.id)).toMatchObject({ sessionEpoch: user.sessionEpoch + 1 });
    expect(await Promise.all([session.id, before.row.id, since.row.id].map(reasonAt))).toEqual([
      "logout everywhere",
      "logout everywhere",
      null,
    ]);
  });

  test("of all other sessions spares the one that it was made with", async () => {
    const { session, user, caller } = await signedInUser();
    await here.logoutOthers(database.db, caller, later(10));
    await putBack(user);
    const other = await unknownSession(user.id);
    expect([await resultOf(session.refreshToken), await resultOf(other.refreshToken)]).toEqual(["refreshed", "ended"]);
    await poll();
    expect([await reasonAt(session.id), await reasonAt(other.row.id)]).toEqual([null, "revoked by user"]);
  });

  test("by the deletion of the account is repeated, and the account stays enabled", async () => {
    const { session, user, caller } = await signedInUser();
    const typed = { email: user.email, legacyEmail: user.email };
    await here.requestDeletion(database.db, caller, typed, ADA, later(10));
    await putBack(user);
    const before = await unknownSession(user.id);
    expect(await resultOf(before.refreshToken)).toBe("ended");
    await poll();
    expect(await Promise.all([session.id, before.row.id].map(reasonAt))).toEqual([
      "account deletion",
      "account deletion",
    ]);
    expect(await readUser(user.id)).toMatchObject({ disabledAt: null, deletesAt: null });
  });

  test("that was queued while the database was unavailable is repeated too", async () => {
    const { user } = await signedInUser();
    const { mintEndToken } = await import("@/server/auth/tokens/end-token");
    const all = { userId: user.id, before: later(10) };
    const endToken = await mintEndToken({ sessionIds: [], reason: "logout everywhere", all }, later(10));
    await here.endByEndToken(database.db, endToken, { accessToken: null, refreshToken: null } as never, later(20));
    await putBack(user);
    const before = await unknownSession(user.id);
    await poll();
    expect(await reasonAt(before.row.id)).toBe("logout everywhere");
  });

  test("that the database has not lost is not repeated: sessions whose time of opening is wrong stay", async () => {
    const { user, caller } = await signedInUser();
    await here.logoutEverywhere(database.db, caller, later(10));
    // Opened since, on an instance whose clock is behind.
    const since = await unknownSession(user.id, later(9));
    await sql`update heartbeats set written_at = '2026-01-01'`.execute(database.db);
    expect(await resultOf(since.refreshToken)).toBe("refreshed");
    await poll();
    expect(await reasonAt(since.row.id)).toBeNull();
    expect((await readUser(user.id)).sessionEpoch).toBe(user.sessionEpoch + 1);
  });
});

describe("a new password that the database has lost", () => {
  const change = (
    caller: Awaited<ReturnType<typeof callerWith>>,
    currentPassword: string,
    newPassword: string,
    at = 10,
  ) => here.changePassword(database.db, caller, { currentPassword, newPassword }, ADA, later(at));

  test("is written again, and the old one does not work before that", async () => {
    const { user, caller, login } = await signedInUser();
    await change(caller, PASSWORD, NEW_PASSWORD);
    await putBack(user);
    expect(await reasonOf(login(PASSWORD))).toBe("UNAVAILABLE");
    await poll();
    expect(await reasonOf(login(PASSWORD))).toBe("INVALID_CREDENTIALS");
    expect((await login(NEW_PASSWORD)).access.user.id).toBe(user.id);
  });

  test("ends the sessions of then once more, and not the one that was opened with it", async () => {
    const { session, user, caller } = await signedInUser();
    const { access } = await change(caller, PASSWORD, NEW_PASSWORD);
    await putBack(user);
    const other = await unknownSession(user.id);
    await poll();
    expect(await Promise.all([session.id, other.row.id, access.sessionId].map(reasonAt))).toEqual([
      "password changed",
      "password changed",
      null,
    ]);
  });

  test("is written again after the one before it, if both are lost", async () => {
    const { user, caller, login } = await signedInUser();
    const { access } = await change(caller, PASSWORD, NEW_PASSWORD);
    const again = { ...caller, session: { ...caller.session, id: access.sessionId } };
    await change(again, NEW_PASSWORD, "another violet kettle 73 rivers", 20);
    await putBack(user);
    await poll();
    expect(await reasonOf(login(NEW_PASSWORD))).toBe("INVALID_CREDENTIALS");
    expect((await login("another violet kettle 73 rivers")).access.user.id).toBe(user.id);
    expect((await readUser(user.id)).sessionEpoch).toBe(user.sessionEpoch + 2);
  });

  test("is written again if the old one is there with another hash, as before its parameters changed", async () => {
    const { user, caller, login } = await signedInUser();
    await change(caller, PASSWORD, NEW_PASSWORD);
    await putBack({ ...user, passwordHash: await hashPassword(PASSWORD) });
    await poll();
    expect((await login(NEW_PASSWORD)).access.user.id).toBe(user.id);
  });

  test("is written again if the account's sessions have ended since: the epoch alone says nothing", async () => {
    const { user, caller, login } = await signedInUser();
    await change(caller, PASSWORD, NEW_PASSWORD);
    await putBack({ ...user, sessionEpoch: user.sessionEpoch + 1 });
    await poll();
    expect(await reasonOf(login(PASSWORD))).toBe("INVALID_CREDENTIALS");
  });

  test("does not replace one that was set since the loss", async () => {
    const { user, caller } = await signedInUser();
    await change(caller, PASSWORD, NEW_PASSWORD);
    const since = { ...user, passwordHash: "set since the loss", updatedAt: later(30) };
    for (const sessionEpoch of [user.sessionEpoch, user.sessionEpoch + 1]) {
      await putBack({ ...since, sessionEpoch });
      await secondsPass(11 * (1 + sessionEpoch), poll);
      expect(await readUser(user.id)).toMatchObject({ passwordHash: "set since the loss", updatedAt: later(30) });
    }
  });

  test("is forgotten after the lifetime of an access token", async () => {
    const { user, caller, login } = await signedInUser();
    await change(caller, PASSWORD, NEW_PASSWORD);
    await secondsPass(700, async () => {
      await poll();
      await putBack(user);
      await poll();
    });
    expect((await login(PASSWORD)).access.user.id).toBe(user.id);
  });
});

describe("a link whose effect the database has lost", () => {
  const openLink = async (userId: string, purpose: Purpose, email: string) => {
    const [createdAt, expiresAt] = [T0, later(3600)];
    const row = { id: uuidv7({ msecs: T0.getTime() }), userId, purpose, email, salt: newSalt(), createdAt, expiresAt };
    const opened = { ...row, askedBySessionId: null };
    await database.db.insertInto("confirmations").values(opened).execute();
    return mintConfirmation(opened);
  };
  const perform = (proof: { token: string; code: string }, newPassword?: string) =>
    here.performConfirmation(database.db, { ...proof, newPassword }, cookiesOf({}), newClient(), later(10));

  test.each([
    ["not-me", "not me", { isMoved: false }],
    ["not-me", "address restored", { isMoved: true }],
    ["revert-email", "address restored", { isMoved: true }],
    ["reset-password", "password reset", { isMoved: false }],
  ] as const)("%s (%s): the sessions that it ended end again", async (purpose, reason, { isMoved }) => {
    const { session, user } = await signedInUser();
    const formerEmail = isMoved ? `former-${user.email}` : user.email;
    if (isMoved) await openLink(user.id, "revert-email", formerEmail);
    const link = await openLink(user.id, purpose, formerEmail);
    await perform(link, purpose === "reset-password" ? NEW_PASSWORD : undefined);
    expect((await readUser(user.id)).email).toBe(formerEmail);
    await putBack(user);
    const before = await unknownSession(user.id);
    expect(await resultOf(before.refreshToken), "before it is repeated").toBe("ended");
    await poll();
    expect(await reasonAt(before.row.id)).toBe(reason);
    // This one is known from the feed, too, which has no reasons.
    expect([reason, "written again"]).toContain(await reasonAt(session.id));
    expect((await readUser(user.id)).sessionEpoch).toBe(user.sessionEpoch + 1);
  });

  test("reset-password: the new password is written again, and the old one does not work before that", async () => {
    const { user, login } = await signedInUser();
    await perform(await openLink(user.id, "reset-password", user.email), NEW_PASSWORD);
    await putBack(user);
    expect(await reasonOf(login(PASSWORD))).toBe("UNAVAILABLE");
    await poll();
    expect(await reasonOf(login(PASSWORD))).toBe("INVALID_CREDENTIALS");
    expect((await login(NEW_PASSWORD)).access.user.id).toBe(user.id);
  });
});

describe("a disabled account", () => {
  const disable = (id: string) =>
    sql`update users set disabled_at = utc_timestamp(3), session_epoch = session_epoch + 1 where id = ${id}`.execute(
      database.db,
    );

  test.each(["login", "refresh"] as const)("seen at a %s is disabled again after a loss", async (seenAt) => {
    const { session, user, login } = await signedInUser();
    await disable(user.id);
    const { disabledAt } = await readUser(user.id);
    if (seenAt === "login") expect(await reasonOf(login(PASSWORD))).toBe("INVALID_CREDENTIALS");
    else expect(await resultOf(session.refreshToken)).toBe("ended");
    await putBack(user);
    const other = await unknownSession(user.id);
    expect(await resultOf(other.refreshToken)).toBe("ended");
    expect(await reasonOf(login(PASSWORD))).toBe("UNAVAILABLE");
    await poll();
    expect((await readUser(user.id)).disabledAt).toEqual(disabledAt);
    expect([await reasonAt(session.id), await reasonAt(other.row.id)]).toEqual(["user disabled", "user disabled"]);
  });

  test.each(["login", "refresh"] as const)(
    "whose deletion is pending, seen at a %s of another instance, stays enabled after a loss, and its sessions end again",
    async (seenAt) => {
      const { session, user, caller, login } = await signedInUser();
      const elsewhere = await anotherInstance(load);
      const typed = { email: user.email, legacyEmail: user.email };
      await elsewhere.requestDeletion(database.db, caller, typed, ADA, later(10));
      if (seenAt === "login") expect(await reasonOf(login(PASSWORD))).toBe("INVALID_CREDENTIALS");
      else expect(await resultOf(session.refreshToken)).toBe("ended");
      await putBack(user);
      const before = await unknownSession(user.id);
      await poll();
      expect(await readUser(user.id)).toMatchObject({ disabledAt: null, deletesAt: null });
      expect(await reasonAt(before.row.id)).toBe("account deletion");
      expect((await login(PASSWORD)).access.user.id).toBe(user.id);
    },
  );

  test("that was enabled again stays enabled after a false alarm", async () => {
    const { user, login } = await signedInUser();
    await disable(user.id);
    expect(await reasonOf(login(PASSWORD))).toBe("INVALID_CREDENTIALS");
    await database.db.updateTable("users").set({ disabledAt: null }).where("id", "=", user.id).execute();
    await sql`update heartbeats set written_at = '2026-01-01'`.execute(database.db);
    await poll();
    expect((await readUser(user.id)).disabledAt).toBeNull();
    expect((await login(PASSWORD)).access.user.id).toBe(user.id);
  });
});
