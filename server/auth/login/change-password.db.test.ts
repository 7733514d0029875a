import { sql } from "kysely";
import { beforeAll, describe, expect, test } from "vitest";
import { connect } from "@/db/connect";
import { atOnce, readSession, useTestDatabase } from "@/db/testing";
import { authenticateAccessToken } from "@/server/auth/gate/authenticate";
import { findUserById } from "@/db/tables/users";
import { accountWithPasskey } from "@/server/auth/passkeys/testing";
import { changePassword, setPassword } from "./change-password";
import {
  callerWith,
  later,
  NEW_PASSWORD,
  PASSWORD,
  reasonOf,
  refreshTokenIn,
  signedInSession,
  T0,
  logIn as login,
  type SignedInTestSession,
} from "@/server/auth/db-testing";
import { issueTokens } from "@/server/auth/sessions/issue-tokens";
import { hashPassword, passwordMatches } from "@/server/auth/passwords/password";
import { refresh } from "@/server/auth/sessions/refresh";
import { readRevocations } from "@/server/auth/sessions/revocation-feed";
import { openSession } from "@/server/auth/sessions/open-session";
import { ADA, anotherInstance, MALLORY, newClient } from "@/server/auth/testing";

const database = useTestDatabase();
const passwordHash = await hashPassword(PASSWORD);
beforeAll(() => readRevocations(database.db));

/** A signed-in user, and an attacker with copied cookies elsewhere. */
async function ownerAndThief(remember = true) {
  const own = await signedInSession(database.db, T0, { passwordHash, remember });
  const { user } = own;
  const stolen = (await openSession(database.db, user, true, MALLORY, T0))!;
  const { cookies } = await issueTokens(stolen, MALLORY, T0);
  const caller = await callerWith(own);
  const change = (given: { currentPassword?: string; newPassword?: string } = {}, now = later(10)) =>
    changePassword(database.db, caller, { currentPassword: PASSWORD, newPassword: NEW_PASSWORD, ...given }, ADA, now);
  const hashNow = async () =>
    (await database.db.selectFrom("users").selectAll().where("id", "=", own.userId).executeTakeFirstOrThrow())
      .passwordHash;
  return { own, stolen, user, tokens: cookies.map(({ value }) => value), change, hashNow };
}

test("password change: revokes every other session at once and keeps the caller signed in", async () => {
  const { own, stolen, tokens, change, hashNow } = await ownerAndThief();
  const { access, cookies } = await change();
  expect(await passwordMatches(await hashNow(), NEW_PASSWORD)).toBe(true);
  for (const id of [own.id, stolen.id]) {
    expect(await readSession(database.db, id)).toMatchObject({ revokedReason: "password changed" });
  }
  expect(await authenticateAccessToken(database.db, tokens[0]!, MALLORY, later(11))).toBeNull();
  expect((await refresh(database.db, tokens[1]!, MALLORY, later(600))).kind).toBe("ended");

  expect(access.sessionId).not.toBe(own.id);
  expect(access.authenticatedAt).toEqual(new Date("2026-11-21T12:00:10Z"));
  const [accessToken, refreshToken] = cookies.map(({ value }) => value) as [string, string];
  expect(await authenticateAccessToken(database.db, accessToken, ADA, later(11))).not.toBeNull();
  expect((await refresh(database.db, refreshToken, ADA, later(600))).kind).toBe("refreshed");
});

test("password change: a copy of this browser's cookies is refused on every instance", async () => {
  const { own, change } = await ownerAndThief();
  const rotated = await refresh(database.db, own.refreshToken, ADA, later(600));
  const copied = [own.refreshToken, refreshTokenIn(rotated as { cookies?: [] })!];
  const elsewhere = await anotherInstance(async () => ({
    ...(await import("@/server/auth/sessions/revocation-feed")),
    ...(await import("@/server/auth/gate/authenticate")),
    ...(await import("@/server/auth/sessions/refresh")),
  }));
  await elsewhere.readRevocations(database.db);
  await change({}, later(610));

  for (const token of copied) {
    expect((await refresh(database.db, token, ADA, later(611))).kind).toBe("ended");
    expect((await elsewhere.refresh(database.db, token, ADA, later(612))).kind).toBe("ended");
  }
  expect(await authenticateAccessToken(database.db, own.accessToken, ADA, later(11))).toBeNull();
  await elsewhere.readRevocations(database.db);
  expect(await elsewhere.authenticateAccessToken(database.db, own.accessToken, ADA, later(11))).toBeNull();
});

test.each([true, false])("password change: keeps whether this browser is remembered: %s", async (remember) => {
  const { cookies } = await (await ownerAndThief(remember)).change();
  expect(cookies.map(({ maxAgeSeconds }) => maxAgeSeconds !== null)).toEqual([remember, remember]);
});

test(
  "password change: a concurrent refresh neither reactivates the old session nor ends the new one",
  { timeout: 120_000 },
  async () => {
    const elsewhere = connect(database.url);
    const instance = await anotherInstance(() => import("@/server/auth/sessions/refresh"));
    const round = async (index: number) => {
      const { own, change } = await ownerAndThief();
      const refreshing = async () => {
        // Delays from the verification of the password to the change itself.
        for (let wait = index; wait > 0; wait--) await sql`select 1`.execute(elsewhere);
        return instance.refresh(elsewhere, own.refreshToken, ADA, later(600));
      };
      const [{ access, cookies }, outcome] = await Promise.all([change({}, later(600)), refreshing()]);
      const newest = refreshTokenIn(outcome as { cookies?: [] });
      for (const token of newest === null ? [own.refreshToken] : [newest, own.refreshToken]) {
        expect((await instance.refresh(elsewhere, token, ADA, later(640))).kind).toBe("ended");
      }
      expect((await readSession(database.db, access.sessionId)).revokedAt).toBeNull();
      expect((await instance.refresh(elsewhere, cookies[1]!.value, ADA, later(1300))).kind).toBe("refreshed");
      expect(["refreshed", "ended"]).toContain(outcome.kind);
    };
    // Few concurrently: each hashes two passwords, and the hash queue is bounded.
    for (let first = 0; first < 40; first += 4) await atOnce(4, (index) => round(first + index));
    await elsewhere.destroy();
  },
);

test("password change: a login in progress with the old password opens no session", async () => {
  const { user, change } = await ownerAndThief();
  await change();
  expect(await openSession(database.db, user, true, MALLORY, later(11))).toBeNull();
});

describe("password change: a refused change changes nothing and revokes no session", () => {
  test.each<[string, { currentPassword?: string; newPassword?: string }, string]>([
    ["a wrong current password", { currentPassword: "wrong" }, "WRONG_PASSWORD"],
    ["the new password for the current one", { currentPassword: NEW_PASSWORD }, "WRONG_PASSWORD"],
    ["a weak new password", { newPassword: "password1234" }, "WEAK_PASSWORD"],
    ["the user's own name as the new password", { newPassword: "ada lovelace" }, "WEAK_PASSWORD"],
  ])("with %s", async (_, given, reason) => {
    const { stolen, change, hashNow } = await ownerAndThief();
    expect(await reasonOf(change(given))).toBe(reason);
    expect(await hashNow()).toBe(passwordHash);
    expect((await readSession(database.db, stolen.id)).revokedAt).toBeNull();
  });
});

test("password change: of two concurrent changes by one session one succeeds and the other gets SESSION_ENDED", async () => {
  const { change, hashNow } = await ownerAndThief();
  const outcomes = await Promise.all(
    [NEW_PASSWORD, `${NEW_PASSWORD} too`].map((newPassword) =>
      change({ newPassword }).then(
        () => newPassword,
        (error: { reason: string }) => error.reason,
      ),
    ),
  );
  expect(outcomes).toContain("SESSION_ENDED");
  const kept = outcomes.find((outcome) => outcome !== "SESSION_ENDED")!;
  expect(await passwordMatches(await hashNow(), kept)).toBe(true);
});

test("password change: wrong passwords are counted by user: other user agents, addresses and sessions add no attempts", async () => {
  const { own, stolen, user } = await ownerAndThief();
  const guess = async (count: number, now: Date) => {
    const client = newClient(`program-${count}/1.0`);
    const session = count % 2 ? own.id : stolen.id;
    const caller = {
      user: { ...user, id: own.userId },
      session: { id: session, expiresAt: "", refreshAt: "" },
      authenticatedAt: T0,
      authenticationMethods: ["pwd"],
      isEmailVerified: false,
      mustVerifyEmail: false,
    };
    return changePassword(
      database.db,
      caller,
      { currentPassword: `guess ${count}`, newPassword: NEW_PASSWORD },
      client,
      now,
    );
  };
  const reasons = [];
  for (let count = 0; count < 25; count++) reasons.push(await reasonOf(guess(count, later(count))));
  expect(reasons.filter((reason) => reason === "WRONG_PASSWORD")).toHaveLength(10);
  const refused = await guess(99, later(60)).catch((error: unknown) => error);
  expect(refused).toMatchObject({
    reason: "RATE_LIMITED",
    message: "Too many wrong passwords were tried for this account. Wait 14 minutes before the next attempt.",
    details: { retryAfterSeconds: 840 },
  });
});

test("password change: resets the account's limit of failures that others had exhausted", async () => {
  const { own, change } = await ownerAndThief();
  const { email } = await database.db
    .selectFrom("users")
    .select("email")
    .where("id", "=", own.userId)
    .executeTakeFirstOrThrow();
  const signIn = (password: string) =>
    login(database.db, { email, password, remember: true }, newClient(), null, later(11));
  for (let count = 0; count < 10; count++) await reasonOf(signIn("wrong"));
  expect(await reasonOf(signIn(PASSWORD))).toBe("RATE_LIMITED");
  await change();
  expect(await reasonOf(signIn(PASSWORD))).toBe("INVALID_CREDENTIALS");
  expect((await signIn(NEW_PASSWORD)).access.user.email).toBe(email);
});

test("password change: wrong current passwords are counted, also concurrent ones", async () => {
  const { change } = await ownerAndThief();
  const reasons = await Promise.all(
    Array.from({ length: 30 }, (_, index) => reasonOf(change({ currentPassword: `guess ${index}` }))),
  );
  expect(reasons.filter((reason) => reason === "WRONG_PASSWORD")).toHaveLength(10);
  expect(reasons.filter((reason) => reason === "RATE_LIMITED")).toHaveLength(20);
  expect(await reasonOf(change())).toBe("RATE_LIMITED");
  await change({}, later(1000));
});

test("password change: a caller whose account was deleted gets SESSION_ENDED", async () => {
  const { own, change } = await ownerAndThief();
  await database.db.deleteFrom("users").where("id", "=", own.userId).execute();
  expect(await reasonOf(change())).toBe("SESSION_ENDED");
});

describe("a first password", () => {
  /** A signed-in user who has registered with a passkey, and a second session of theirs. */
  async function withoutPassword() {
    const { own } = await accountWithPasskey(database.db, T0, { passwordHash: "" });
    const { session } = await openStrong(own.user);
    const caller = await callerWith(session);
    const set = (newPassword = NEW_PASSWORD, now = later(10)) =>
      setPassword(database.db, caller, newPassword, ADA, now);
    return { own, session, caller, set, hashNow: () => hashOf(own.userId) };
  }

  async function openStrong(user: SignedInTestSession["user"]) {
    const session = (await openSession(database.db, user, true, ADA, T0, null, ["passkey"]))!;
    const { cookies } = await issueTokens(session, ADA, T0);
    const [accessToken, refreshToken] = cookies.map(({ value }) => value) as [string, string];
    return { session: { id: session.id, userId: user.id, user, accessToken, refreshToken } };
  }

  const hashOf = async (id: string) => (await findUserById(database.db, id))!.passwordHash;

  test("is set, ends every other session, and the new one keeps what its user has proved, and when", async () => {
    const { own, session, set, hashNow } = await withoutPassword();
    const { access } = await set();
    expect(await passwordMatches(await hashNow(), NEW_PASSWORD)).toBe(true);
    for (const id of [own.id, session.id]) {
      expect(await readSession(database.db, id)).toMatchObject({ revokedReason: "password changed" });
    }
    expect(access).toMatchObject({
      authenticationMethods: ["pop", "user", "mfa"],
      authenticatedAt: new Date("2026-11-21T12:00:00Z"),
    });
    const mails = database.db.selectFrom("outgoingMails").select("kind").where("userId", "=", own.userId);
    expect(await mails.execute()).toEqual([{ kind: "password-changed" }]);
  });

  test("is refused if it is weak, and nothing ends", async () => {
    const { session, set, hashNow } = await withoutPassword();
    expect(await reasonOf(set("password12345"))).toBe("WEAK_PASSWORD");
    expect(await hashNow()).toBe("");
    expect((await readSession(database.db, session.id)).revokedAt).toBeNull();
  });

  test("is refused for an account that has a password, which stays", async () => {
    const { own, hashNow } = await ownerAndThief();
    const before = await hashNow();
    expect(await reasonOf(setPassword(database.db, await callerWith(own), NEW_PASSWORD, ADA, later(10)))).toBe(
      "BAD_INPUT",
    );
    expect(await hashNow()).toBe(before);
    expect((await readSession(database.db, own.id)).revokedAt).toBeNull();
  });

  test("of four at once one is set", async () => {
    const { set } = await withoutPassword();
    const outcomes = await atOnce(4, (index) =>
      set(`${NEW_PASSWORD} ${index}`).then(
        () => "set",
        (error: { reason: string }) => error.reason,
      ),
    );
    expect(outcomes.filter((outcome) => outcome === "set")).toHaveLength(1);
    for (const outcome of outcomes) expect(["set", "BAD_INPUT", "SESSION_ENDED"]).toContain(outcome);
  });
});
