import { setTimeout } from "node:timers/promises";
import { beforeAll, beforeEach, describe, expect, test } from "vitest";
import { atOnce, daysAfter, existingSession, existingUser, readSession } from "@/db/testing";
import { connect } from "@/db/connect";
import { purgeAccount, undoDeletion } from "@/db/tables/deletions";
import { findUserById } from "@/db/tables/users";
import { revokeSession } from "@/db/tables/revocations";
import {
  callerWith,
  connectThroughProxy,
  cookiesOf,
  later,
  NEW_PASSWORD,
  PASSWORD,
  reasonOf,
  signedInSession,
  T0,
  useAppDatabase,
  type SignedInTestSession,
  logIn as login,
} from "@/server/auth/db-testing";
import { endUndelivered, isRevocationPending } from "@/server/auth/sessions/pending-revocations";
import { composeMail } from "@/server/auth/email/compose-mail";
import { mintConfirmation } from "@/server/auth/email/confirmation-token";
import { secondsAfter } from "@/server/auth/policy/lifetimes";
import { logoutEverywhere } from "@/server/auth/login/logout";
import { openSession } from "@/server/auth/sessions/open-session";
import { refresh } from "@/server/auth/sessions/refresh";
import { isMarkedRevoked, readRevocations } from "@/server/auth/sessions/revocation-feed";
import { hashPassword } from "@/server/auth/passwords/password";
import { ADA, anotherInstance, newClient } from "@/server/auth/testing";
import { purgeDueAccounts } from "@/server/background";
import { database as appDatabase } from "@/server/runtime/database";
import { call, fromElsewhere, get } from "./testing";

const database = useAppDatabase();
const passwordHash = await hashPassword(PASSWORD);

let session: SignedInTestSession;
beforeEach(async () => {
  await readRevocations(appDatabase());
  session = await signedInSession(database.db, T0, { passwordHash });
});

const find = (id = session.userId) => findUserById(database.db, id);
const mailsOf = (userId = session.userId) =>
  database.db.selectFrom("outgoingMails").selectAll().where("userId", "=", userId).execute();
const requestDeletion = (email: string, cookie: Partial<SignedInTestSession> = session, now = later(10)) =>
  call("account.requestDeletion", { cookie, input: { email }, now });

describe("account.requestDeletion", () => {
  const neighbour = "the-neighbour@example.test";
  beforeAll(() => existingUser(database.db, { email: neighbour }));

  test("disables the account for 14 days, ends every session, clears the cookies and queues the mail with the link", async () => {
    const { id: other } = await existingSession(database.db, { userId: session.userId, createdAt: T0 });
    const answer = await requestDeletion(session.user.email);
    expect(answer).toMatchObject({ status: 200 });
    expect(answer.json.result.data).toEqual({ deletesAt: "2026-12-05T12:00:10.250Z" });
    expect(answer.cookies.map((cookie) => /Max-Age=0$/.test(cookie))).toEqual([true, true]);
    expect(await find()).toMatchObject({ disabledAt: later(10), deletesAt: daysAfter(later(10), 14) });
    for (const id of [session.id, other]) {
      expect(await readSession(database.db, id)).toMatchObject({ revokedReason: "account deletion" });
      expect(isMarkedRevoked(id)).toBe(true);
    }
    const [mail, ...more] = await mailsOf();
    expect(more).toEqual([]);
    expect(mail).toMatchObject({ kind: "deletion-requested", recipient: session.user.email, sentAt: null });
    expect(JSON.parse(mail!.details)).toMatchObject({
      message: { deletesAt: "2026-12-05T12:00:10.250Z", occasion: { address: ADA.address } },
      link: { purpose: "undo-deletion", email: session.user.email },
    });
  });

  test("another instance refuses the sessions after its next read of the feed, and every refresh at once", async () => {
    const load = async () => ({
      ...(await import("@/server/auth/sessions/revocation-feed")),
      ...(await import("@/server/auth/sessions/refresh")),
    });
    const elsewhere = await anotherInstance(load);
    await elsewhere.readRevocations(database.db);
    await requestDeletion(session.user.email);
    const refreshed = await elsewhere.refresh(database.db, session.refreshToken, ADA, later(700));
    expect(refreshed).toMatchObject({ kind: "ended" });
    await elsewhere.readRevocations(database.db);
    expect(elsewhere.isMarkedRevoked(session.id)).toBe(true);
  });

  test.each<[string, (email: string) => unknown]>([
    ["another address", () => "other@example.test"],
    ["the address of another account", () => neighbour],
    ["a part of the address", (email) => email.slice(1)],
    ["a wildcard", () => "%@example.test"],
  ])("refuses %s at its field, without effect", async (_, typed) => {
    const answer = await requestDeletion(String(typed(session.user.email)));
    expect([answer.status, answer.data.reason]).toEqual([400, "BAD_INPUT"]);
    expect(answer.data.fields).toEqual({ email: "That is not the email address of this account." });
    expect(await find()).toMatchObject({ disabledAt: null, deletesAt: null });
    expect(await mailsOf()).toEqual([]);
    expect(await get("auth.session", { cookie: session })).toMatchObject({ status: 200 });
  });

  test("accepts the address in another spelling of the same address", async () => {
    const answer = await requestDeletion(`  ${session.user.email.toUpperCase()} `);
    expect(answer).toMatchObject({ status: 200 });
  });

  test("needs a recent login", async () => {
    const answer = await requestDeletion(session.user.email, session, later(301));
    expect([answer.status, answer.data.reason]).toEqual([403, "STEP_UP_REQUIRED"]);
    expect(await find()).toMatchObject({ disabledAt: null });
  });

  test("is refused to a session that was just revoked on another instance", async () => {
    await revokeSession(database.db, { id: session.id, reason: "revoked by user" });
    const answer = await requestDeletion(session.user.email);
    expect([answer.status, answer.data.reason]).toEqual([401, "SESSION_ENDED"]);
    expect(await find()).toMatchObject({ disabledAt: null });
  });

  test("of twenty requests at once one takes effect: the others end with the session, and one mail is queued", async () => {
    const answers = await atOnce(20, () => requestDeletion(session.user.email));
    const statuses = answers.map(({ status }) => status).sort();
    expect(statuses[0]).toBe(200);
    expect(new Set(statuses.slice(1))).toEqual(new Set([401]));
    expect(await mailsOf()).toHaveLength(1);
  });

  test("a login in progress opens no session", async () => {
    await requestDeletion(session.user.email);
    const stale = { ...session.user, sessionEpoch: 0 };
    expect(await openSession(database.db, stale, true, ADA, later(11))).toBeNull();
  });
});

test("before its deletion an account is refused like a wrong password, and its address is taken", async () => {
  await requestDeletion(session.user.email);
  const { email } = session.user;
  const answers = [];
  for (const input of [
    { email, password: PASSWORD },
    { email, password: "not the password" },
    { email: "unknown@example.test", password: PASSWORD },
  ]) {
    const { status, text, cookies } = await call("auth.login", { input, headers: fromElsewhere() });
    answers.push({ status, text, cookies });
  }
  expect(answers[0]).toMatchObject({ status: 401, cookies: [] });
  expect(answers[1]).toEqual(answers[0]);
  expect(answers[2]).toEqual(answers[0]);
  const again = { fullName: "Ada Lovelace", email, password: "violet kettle orbits 41 mountains" };
  const taken = await call("auth.register", { input: again, headers: fromElsewhere() });
  expect([taken.status, taken.data.reason]).toEqual([409, "EMAIL_TAKEN"]);

  await purgeDueAccounts(database.db, daysAfter(later(10), 14));
  expect(await find()).toBeUndefined();
  expect(await call("auth.register", { input: again, headers: fromElsewhere() })).toMatchObject({ status: 200 });
});

test("after an undo the password works again, and no session was opened or revived by it", async () => {
  await requestDeletion(session.user.email);
  expect(await undoDeletion(database.db, { userId: session.userId, delaySeconds: 14 * 86_400, now: later(60) })).toBe(
    true,
  );
  const open = database.db.selectFrom("sessions").select("id").where("userId", "=", session.userId);
  expect(await open.where("revokedAt", "is", null).execute()).toEqual([]);
  expect(await refresh(database.db, session.refreshToken, ADA, later(70))).toMatchObject({ kind: "ended" });
  const input = { email: session.user.email, password: PASSWORD };
  expect(await call("auth.login", { input, headers: fromElsewhere(), now: later(80) })).toMatchObject({ status: 200 });
});

describe("the link of the mail about a deletion", () => {
  /** The link and code of the only mail of a kind that is due for this account. */
  async function linkOf(kind: string, now = later(20)) {
    const mail = (await mailsOf()).find((one) => one.kind === kind);
    const { text } = (await composeMail(database.db, mail!, now))!;
    return { token: /\/confirm#([\w-]+)/.exec(text)![1]!, code: /^ {4}([0-9A-Z]{4}-[0-9A-Z]{4})$/m.exec(text)![1]! };
  }
  const perform = (input: object, now = later(30)) => call("confirm.perform", { input, now, headers: fromElsewhere() });

  test("keeps the account, once, and only with the code that is typed", async () => {
    await requestDeletion(session.user.email);
    const { token, code } = await linkOf("deletion-requested");
    const pressed = await perform({ token });
    expect([pressed.status, pressed.data.fields]).toEqual([400, { code: expect.any(String) }]);
    expect(await find()).toMatchObject({ disabledAt: later(10) });
    const undone = await perform({ token, code });
    expect(undone.json.result.data).toEqual({ purpose: "undo-deletion", next: "/login" });
    expect(await find()).toMatchObject({ disabledAt: null, deletesAt: null });
    expect((await mailsOf()).map(({ kind }) => kind)).toContain("deletion-undone");
    const again = await perform({ token, code });
    expect([again.status, again.data]).toMatchObject([410, { reason: "LINK_SPENT", spent: "used" }]);
  });

  test("does nothing from the time of the deletion on, whether the account is purged or not", async () => {
    await requestDeletion(session.user.email);
    const { token, code } = await linkOf("deletion-requested");
    const { deletesAt } = (await find())!;
    expect(await perform({ token, code }, deletesAt!)).toMatchObject({ status: 410 });
    await purgeDueAccounts(database.db, deletesAt!);
    const gone = await perform({ token, code });
    expect([gone.status, gone.data.reason, gone.data.spent]).toEqual([410, "LINK_SPENT", undefined]);
  });

  test("no other link of the account works meanwhile", async () => {
    await call("email.requestVerification", { cookie: session });
    const verification = await linkOf("verify-email", later(5));
    await requestDeletion(session.user.email);
    const refused = await perform({ token: verification.token, code: verification.code });
    expect([refused.status, refused.data.spent]).toEqual([410, "superseded"]);
    expect(await find()).toMatchObject({ emailVerifiedAt: null });
  });

  test("used while the purge runs on another instance: one of them has an effect", async () => {
    const elsewhere = connect(database.url);
    for (let round = 0; round < 25; round++) {
      session = await signedInSession(database.db, T0, { passwordHash });
      await requestDeletion(session.user.email);
      const { token, code } = await linkOf("deletion-requested");
      const { deletesAt } = (await find())!;
      // The clock of the instance that undoes is a moment behind.
      const undoing = perform({ token, code }, secondsAfter(deletesAt!, -1));
      const [undone, purged] = await Promise.all([undoing, purgeAccount(elsewhere, session.userId, deletesAt!)]);
      expect([undone.status, purged], `round ${round}`).toEqual(purged ? [410, true] : [200, false]);
      expect((await find())?.disabledAt).toBe(purged ? undefined : null);
    }
    await elsewhere.destroy();
  });
});

test("a reset of the password and a deletion at once: the one that is first ends the other", async () => {
  const outcomes = new Set<string>();
  // How long the reset is ahead: it has to hash the new password. Adapted, so that either may be first on a busy machine too.
  let headStart = 20;
  for (let round = 0; round < 20 || (outcomes.size < 2 && round < 200); round++) {
    session = await signedInSession(database.db, T0, { passwordHash, emailVerifiedAt: T0 });
    const confirmation = { id: crypto.randomUUID(), purpose: "reset-password", salt: "s".repeat(22) };
    const { email } = session.user;
    await database.db
      .insertInto("confirmations")
      .values({
        ...confirmation,
        userId: session.userId,
        email,
        askedBySessionId: null,
        createdAt: T0,
        expiresAt: later(600),
      })
      .execute();
    const input = { token: mintConfirmation(confirmation).token, newPassword: NEW_PASSWORD };
    const resetting = call("confirm.perform", { input, headers: fromElsewhere() });
    await setTimeout(headStart);
    const [reset, deletion] = await Promise.all([resetting, requestDeletion(email)]);
    const user = (await find())!;
    const isDeleted = user.deletesAt !== null;
    expect([reset.status, deletion.status], `round ${round}`).toEqual(isDeleted ? [410, 200] : [200, 401]);
    expect(user.passwordHash === passwordHash).toBe(isDeleted);
    outcomes.add(isDeleted ? "deletion" : "reset");
    headStart *= isDeleted ? 1.3 : 0.8;
  }
  expect([...outcomes].sort()).toEqual(["deletion", "reset"]);
});

describe("after the purge of an account nothing that lives recreates any of it", () => {
  /** Every table that could name the account. */
  const traces = async () => {
    const { db } = database;
    const { userId, id, user } = session;
    return {
      users: await db.selectFrom("users").select("id").where("id", "=", userId).execute(),
      sessions: await db.selectFrom("sessions").select("id").where("userId", "=", userId).execute(),
      byId: await db.selectFrom("sessions").select("id").where("id", "=", id).execute(),
      confirmations: await db.selectFrom("confirmations").select("id").where("userId", "=", userId).execute(),
      mails: await db.selectFrom("outgoingMails").select("id").where("recipient", "=", user.email).execute(),
    };
  };
  const NOTHING = { users: [], sessions: [], byId: [], confirmations: [], mails: [] };

  beforeEach(async () => {
    await requestDeletion(session.user.email);
    await database.db
      .updateTable("users")
      .set({ deletesAt: later(20) })
      .where("id", "=", session.userId)
      .execute();
    expect(await purgeAccount(database.db, session.userId, later(20))).toBe(true);
    expect(await traces()).toEqual(NOTHING);
  });

  test("neither its tokens, nor a login or a session that was being opened", async () => {
    expect(await refresh(database.db, session.refreshToken, ADA, later(100))).toMatchObject({ kind: "ended" });
    expect(await call("users.update", { cookie: session, input: { fullName: "Ada" } })).toMatchObject({ status: 401 });
    expect(await call("auth.logout", { cookie: session })).toMatchObject({ status: 200 });
    expect(await openSession(database.db, session.user, true, ADA, later(30))).toBeNull();
    const input = { email: session.user.email, password: PASSWORD, remember: true };
    expect(await reasonOf(login(database.db, input, newClient(), cookiesOf(session).refreshToken, later(30)))).toBe(
      "INVALID_CREDENTIALS",
    );
    expect(await traces()).toEqual(NOTHING);
  });

  test("nor the revocations that a process could not write before", async () => {
    const away = await connectThroughProxy(database.url);
    await away.disconnect();
    const caller = await callerWith(session);
    expect(await reasonOf(logoutEverywhere(away.db, caller, later(5)))).toBe("UNAVAILABLE");
    endUndelivered(away.db, crypto.randomUUID());
    const pending = { id: session.id, userId: session.userId, createdAt: T0 };
    expect(isRevocationPending(pending)).toBe(true);
    await away.reconnect();
    await expect.poll(() => isRevocationPending(pending), { timeout: 20_000 }).toBe(false);
    expect(await traces()).toEqual(NOTHING);
    await away.close();
  });
});

describe("account.export", () => {
  const exportOf = async (cookie: Partial<SignedInTestSession> = session, now = later(10)) =>
    call("account.export", { cookie, now });

  test("returns the account, its sessions, links and mails, and is not stored by caches", async () => {
    const { userId, user } = session;
    const link = {
      id: crypto.randomUUID(),
      userId,
      purpose: "change-email",
      email: "new@example.test",
      salt: "s".repeat(22),
    };
    await database.db
      .insertInto("confirmations")
      .values({ ...link, askedBySessionId: session.id, createdAt: T0, expiresAt: later(60) })
      .execute();
    const details = { message: { kind: "verify-email" }, link: { purpose: "verify-email", email: user.email } };
    const mail = { id: crypto.randomUUID(), userId, kind: "verify-email", recipient: user.email, createdAt: T0 };
    await database.db
      .insertInto("outgoingMails")
      .values({
        ...mail,
        confirmationId: link.id,
        details: JSON.stringify(details),
        nextAttemptAt: null,
        sentAt: later(1),
      })
      .execute();

    const answer = await exportOf();
    expect(answer.status).toBe(200);
    expect(answer.headers.get("cache-control")).toBe("private, no-store");
    const { data } = answer.json.result;
    expect(data).toMatchObject({
      exportedAt: later(10).toISOString(),
      isComplete: true,
      account: { id: userId, email: user.email, fullName: "Ada Lovelace", emailVerifiedAt: null },
      data: {
        sessions: [{ id: session.id, ip: ADA.address, userAgent: ADA.userAgent, createdAt: T0.toISOString() }],
        confirmations: [{ purpose: "change-email", email: "new@example.test", usedAt: null }],
        outgoingMails: [{ kind: "verify-email", sentAt: later(1).toISOString(), message: { kind: "verify-email" } }],
      },
    });
    const row = await readSession(database.db, session.id);
    for (const secret of [passwordHash, row.currentNonce, link.salt, session.accessToken, session.refreshToken]) {
      expect(answer.text).not.toContain(secret);
    }
  });

  test("needs a recent login and a live session", async () => {
    expect((await exportOf(session, later(301))).data.reason).toBe("STEP_UP_REQUIRED");
    await revokeSession(database.db, { id: session.id, reason: "revoked by user" });
    expect((await exportOf()).data.reason).toBe("SESSION_ENDED");
  });

  test("is limited to ten an hour for each account", async () => {
    const answers = await atOnce(12, () => exportOf());
    expect(answers.filter(({ status }) => status === 200)).toHaveLength(10);
    expect(answers.filter(({ status }) => status === 429)).toHaveLength(2);
  });

  test("is refused as a query: a link of another site cannot cause it", async () => {
    expect(await get("account.export", { cookie: session })).toMatchObject({ status: 405 });
  });
});
