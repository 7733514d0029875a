import { describe, expect, test } from "vitest";
import { connect } from "@/db/connect";
import { revokeSession } from "@/db/tables/revocations";
import { readSession } from "@/db/testing";
import { callerWith, later, NEW_PASSWORD, PASSWORD, reasonOf, T0, logIn as login } from "@/server/auth/db-testing";
import { changePassword } from "@/server/auth/login/change-password";
import { register } from "@/server/auth/login/register";
import { ENDED_SESSION_RETENTION_SECONDS } from "@/server/auth/policy/lifetimes";
import { refresh } from "@/server/auth/sessions/refresh";
import { refreshTokenIn } from "@/server/auth/db-testing";
import { ADA, anotherInstance, MALLORY, newClient } from "@/server/auth/testing";
import { useMailFlows, type ReceivedMail } from "./testing";

const { database, newAccount, newSignedIn, accountOf, receiveMails, receiveMail, perform, askForReset } =
  useMailFlows();

const logIn = (email: string, client = newClient(), seconds = 0, password = PASSWORD) =>
  login(database.db, { email, password, remember: true }, client, null, later(seconds));
const kindsTo = async (to: string, seconds = 0) => (await receiveMails(seconds, { to })).map(({ kind }) => kind);

describe("a login on a new device", () => {
  test("tells the owner when, where and with what", async () => {
    const { email } = await newSignedIn();
    await logIn(email, MALLORY, 60);
    const { text } = await receiveMail("new-device", 60, { to: email });
    for (const part of [MALLORY.address, MALLORY.browser, MALLORY.os]) expect(text).toContain(part);
    expect(text).toMatch(/21 November 2026.*12:01/);
  });

  test("is not reported for the first login of an account, nor for a device that it knows", async () => {
    const { email } = await newAccount();
    await logIn(email, ADA);
    await logIn(email, ADA, 60);
    expect(await kindsTo(email, 60)).toEqual([]);
  });

  test("is not reported after a registration in the same browser", async () => {
    const email = `${crypto.randomUUID()}@example.test`;
    const client = newClient();
    await register(database.db, { email, fullName: "Ada", password: PASSWORD, remember: true }, client, null, T0);
    await logIn(email, client, 60);
    expect(await kindsTo(email, 60)).toEqual(["verify-email"]);
  });

  test("is reported for a device that was forgotten by a reset", async () => {
    const { email } = await newSignedIn();
    await askForReset(email);
    const { token } = await receiveMail("reset-password", 0, { to: email });
    await perform({ token, newPassword: NEW_PASSWORD }, { seconds: 60 });
    await logIn(email, ADA, 61, NEW_PASSWORD);
    expect(await kindsTo(email, 61)).toEqual(["password-changed", "new-device"]);
  });

  test("is reported for an account whose sessions were all purged: they are older than its first login", async () => {
    const createdAt = later(-ENDED_SESSION_RETENTION_SECONDS - 1);
    const { email } = await newAccount({ createdAt });
    await logIn(email, ADA);
    expect(await kindsTo(email)).toEqual(["new-device"]);
  });

  test("is one mail for several within a minute", async () => {
    const { email } = await newSignedIn();
    await logIn(email, newClient(), 0);
    for (const seconds of [10, 30, 59]) await logIn(email, newClient(), seconds);
    expect(await kindsTo(email)).toEqual(["new-device"]);
    await logIn(email, newClient(), 61);
    expect(await kindsTo(email, 61)).toEqual(["new-device"]);
  });

  test("is not reported if the password is wrong", async () => {
    const { email } = await newSignedIn();
    expect(await reasonOf(logIn(email, newClient(), 0, "wrong"))).toBe("INVALID_CREDENTIALS");
    expect(await kindsTo(email)).toEqual([]);
  });

  test("does not wait for a mail server: the mail is a row", async () => {
    const { email } = await newSignedIn();
    await logIn(email, MALLORY);
    const rows = database.db.selectFrom("outgoingMails").selectAll().where("recipient", "=", email);
    expect(await rows.execute()).toMatchObject([
      { kind: "new-device", attempts: 0, sentAt: null, confirmationId: null },
    ]);
  });
});

test("a changed password is reported, and its link ends the session of the device that changed it", async () => {
  const session = await newSignedIn();
  const passwords = { currentPassword: PASSWORD, newPassword: NEW_PASSWORD };
  const { access } = await changePassword(database.db, await callerWith(session), passwords, ADA, later(60));
  const notice = await receiveMail("password-changed", 60, { to: session.email });
  expect(await perform(notice, { seconds: 61 })).toMatchObject({ purpose: "not-me", next: "/login" });
  expect((await readSession(database.db, access.sessionId)).revokedReason).toBe("not me");
  expect((await accountOf(session.userId)).devicesForgottenAt).toEqual(later(61));
  await receiveMail("reset-password", 61, { to: session.email });
});

test("the notice of one event is not ended by a later one, and each is valid for seven days from its own", async () => {
  const { email } = await newSignedIn();
  await logIn(email, newClient(), 0);
  const first = await receiveMail("new-device", 0, { to: email });
  await logIn(email, newClient(), 600);
  const second = await receiveMail("new-device", 600, { to: email });
  expect(second.token).not.toBe(first.token);
  const week = 7 * 24 * 3600;
  await expect(perform(first, { seconds: week })).rejects.toMatchObject({ details: { spent: "expired" } });
  await perform(second, { seconds: week });
  await expect(perform(second, { seconds: week + 1 })).rejects.toMatchObject({ details: { spent: "used" } });
});

test("a notice that was used ends later notices of the account, not earlier ones, and starts one reset", async () => {
  const { email } = await newSignedIn();
  const notices: ReceivedMail[] = [];
  for (const seconds of [0, 600, 1200]) {
    await logIn(email, newClient(), seconds);
    notices.push(await receiveMail("new-device", seconds, { to: email }));
  }
  const [first, second, third] = notices as [ReceivedMail, ReceivedMail, ReceivedMail];
  await perform(second, { seconds: 1201 });
  await expect(perform(third, { seconds: 1202 })).rejects.toMatchObject({ details: { spent: "superseded" } });
  expect(await kindsTo(email, 1202)).toEqual(["reset-password"]);
  await perform(first, { seconds: 1203 });
});

describe("a session that two clients hold", () => {
  async function replay(db = database.db) {
    const session = await newSignedIn();
    const first = await refresh(db, session.refreshToken, ADA, later(600));
    await refresh(db, refreshTokenIn(first as { cookies?: [] })!, ADA, later(640));
    const outcome = await refresh(db, session.refreshToken, MALLORY, later(700));
    expect(outcome).toMatchObject({ kind: "ended", reason: "replayed" });
    return session;
  }

  test("is reported in the transaction that ends it", async () => {
    const { id, email } = await replay();
    expect((await readSession(database.db, id)).revokedReason).toBe("replayed");
    const { text } = await receiveMail("session-replayed", 700, { to: email });
    expect(text).toContain(MALLORY.address);
  });

  test("is not ended without the mail: if the mail cannot be queued, the next request ends it", async () => {
    const session = await newSignedIn();
    const first = await refresh(database.db, session.refreshToken, ADA, later(600));
    await refresh(database.db, refreshTokenIn(first as { cookies?: [] })!, ADA, later(640));
    const elsewhere = connect(database.url, { lockSeconds: 1 });
    const locked = await database.db.connection().execute(async (holder) => {
      const { sql } = await import("kysely");
      await sql`lock tables outgoing_mails write`.execute(holder);
      const failed = await refresh(elsewhere, session.refreshToken, MALLORY, later(700)).catch(
        (error: unknown) => error,
      );
      await sql`unlock tables`.execute(holder);
      return failed;
    });
    expect(locked).toBeInstanceOf(Error);
    expect((await readSession(database.db, session.id)).revokedAt).toBeNull();
    await refresh(elsewhere, session.refreshToken, MALLORY, later(701));
    await elsewhere.destroy();
    await receiveMail("session-replayed", 701, { to: session.email });
  });
});

test("with MAIL=off a theft ends the session without a mail", async () => {
  const off = await anotherInstance(() => import("@/server/auth/sessions/refresh"), { MAIL: "off" });
  const session = await newSignedIn();
  const first = await off.refresh(database.db, session.refreshToken, ADA, later(600));
  await off.refresh(database.db, refreshTokenIn(first as { cookies?: [] })!, ADA, later(640));
  expect(await off.refresh(database.db, session.refreshToken, MALLORY, later(700))).toMatchObject({
    reason: "replayed",
  });
  expect(await kindsTo(session.email, 700)).toEqual([]);
});

test("a notice is sent to an account whose session has ended since", async () => {
  const { id, email } = await newSignedIn();
  await logIn(email, MALLORY);
  await revokeSession(database.db, { id, reason: "logout" });
  expect(await kindsTo(email)).toEqual(["new-device"]);
});
