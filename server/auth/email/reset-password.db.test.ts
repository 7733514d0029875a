import { describe, expect, test } from "vitest";
import { findUserForLogin } from "@/db/tables/users";
import { existingFactors, existingPasskey, existingRecoveryCode, factorNames, readSession } from "@/db/testing";
import {
  callerWith,
  countStatements,
  later,
  NEW_PASSWORD,
  PASSWORD,
  reasonOf,
  signedInSession,
  T0,
  logIn as login,
} from "@/server/auth/db-testing";
import { changePassword } from "@/server/auth/login/change-password";
import { login as beginLogin } from "@/server/auth/login/login";
import { hitCounter } from "@/server/auth/rate-limits/hit-counter";
import { isMarkedRevoked } from "@/server/auth/sessions/revocation-feed";
import { refresh } from "@/server/auth/sessions/refresh";
import { ADA, anotherInstance, MALLORY, newClient } from "@/server/auth/testing";
import { openSession } from "@/server/auth/sessions/open-session";
import { useMailFlows } from "./testing";

const {
  database,
  newAccount,
  newSignedIn,
  accountOf,
  receiveMails,
  receiveMail,
  perform,
  askForReset,
  askForChange,
  askForVerification,
} = useMailFlows();

const logIn = (email: string, password: string, seconds = 0, client = newClient()) =>
  login(database.db, { email, password, remember: true }, client, null, later(seconds)).finally(() =>
    hitCounter(database.db).flush(),
  );

async function newReset(email: string, seconds = 0) {
  await askForReset(email, seconds);
  return receiveMail("reset-password", seconds, { to: email });
}

describe("a request", () => {
  test("for an unknown address is answered alike, after the same statements, and writes the same row", async () => {
    const account = await newAccount();
    const requests = [];
    for (const email of [account.email, "nobody-has-this@example.test"]) {
      const statements = await countStatements(database.url, (db) => askForReset(email, 0, newClient(), db));
      const row = await database.db
        .selectFrom("outgoingMails")
        .selectAll()
        .where("recipient", "=", email)
        .executeTakeFirstOrThrow();
      const { id, recipient, createdAt, nextAttemptAt, details, ...written } = row;
      requests.push({
        statements,
        ...written,
        details: details.replaceAll(email, "ADDRESS").replace(/10\.\d+\.\d+\.\d+/, ""),
      });
    }
    expect(requests[0]).toEqual(requests[1]);
    expect(requests[0]!.statements).toBe(4);
  });

  test("for an unknown address sends no mail, and its row is deleted", async () => {
    const email = "nobody-at-all@example.test";
    await askForReset(email);
    expect(await receiveMails(0, { to: email })).toEqual([]);
    const rows = database.db.selectFrom("outgoingMails").select("id").where("recipient", "=", email);
    expect(await rows.execute()).toEqual([]);
  });

  test("that is repeated sends the same link, which expires as before", async () => {
    const { email } = await newAccount();
    const [first, second] = [await newReset(email), await newReset(email, 1800)];
    expect(second.token).toBe(first.token);
    expect(second.code).toBe(first.code);
    expect(await reasonOf(perform({ token: second.token, newPassword: NEW_PASSWORD }, { seconds: 3600 }))).toBe(
      "LINK_SPENT",
    );
    const third = await newReset(email, 3601);
    expect(third.token).not.toBe(first.token);
  });

  test("sends at most one mail in a minute and five in an hour, asked by any client, and is answered alike beyond", async () => {
    const { email } = await newAccount();
    for (let minute = 0, sent = 0; minute < 12; minute++) {
      await askForReset(email, minute * 61);
      await askForReset(email, minute * 61 + 1);
      sent += (await receiveMails(minute * 61, { to: email })).length;
      expect(sent).toBe(Math.min(5, minute + 1));
    }
  });

  test("of a client is refused beyond ten in an hour, for any addresses", async () => {
    const client = newClient();
    for (let count = 0; count < 10; count++) await askForReset(`${count}@many.test`, 0, client);
    expect(await reasonOf(askForReset("11@many.test", 0, client))).toBe("RATE_LIMITED");
    await askForReset("11@many.test", 3601, client);
  });

  test("of two instances at once sends one mail: the limit of an address is exact", async () => {
    const elsewhere = await anotherInstance(() => import("./reset-password"));
    const { email } = await newAccount();
    const ask = (index: number) =>
      index % 2 === 0
        ? askForReset(email)
        : elsewhere.requestReset(database.db, { email, legacyEmail: email }, newClient(), T0);
    await Promise.all(Array.from({ length: 20 }, (_, index) => ask(index)));
    expect(await receiveMails(0, { to: email })).toHaveLength(1);
  });

  test("finds the account by the legacy form of its address, too", async () => {
    const legacyEmail = `ada-${crypto.randomUUID()}@xn--bcher-kva.example`;
    await newAccount({ email: legacyEmail });
    const email = legacyEmail.replace("xn--bcher-kva", "bücher");
    const { requestReset } = await import("./reset-password");
    await requestReset(database.db, { email, legacyEmail }, newClient(), T0);
    const { token } = await receiveMail("reset-password", 0, { to: email });
    expect(await perform({ token, newPassword: NEW_PASSWORD })).toMatchObject({ next: "/login" });
    expect((await logIn(legacyEmail, NEW_PASSWORD)).access.user.email).toBe(legacyEmail);
  });
});

describe("a reset", () => {
  test("replaces the password, ends every session, opens none, and tells the owner", async () => {
    const session = await newSignedIn();
    const other = (await openSession(database.db, session.user, true, MALLORY, T0))!;
    const { token } = await newReset(session.email);

    const { cookies, next } = await perform({ token, newPassword: NEW_PASSWORD }, { seconds: 60, session });
    expect(next).toBe("/login");
    expect(cookies).toEqual([
      { name: "__acc", value: "", maxAgeSeconds: 0 },
      { name: "__ref", value: "", maxAgeSeconds: 0 },
    ]);
    for (const id of [session.id, other.id]) {
      expect((await readSession(database.db, id)).revokedReason).toBe("password reset");
      expect(isMarkedRevoked(id)).toBe(true);
    }
    expect(await refresh(database.db, session.refreshToken, ADA, later(700))).toMatchObject({ kind: "ended" });
    const sessions = database.db.selectFrom("sessions").select("id").where("userId", "=", session.userId);
    expect(await sessions.execute()).toHaveLength(2);

    expect(await reasonOf(logIn(session.email, PASSWORD, 61))).toBe("INVALID_CREDENTIALS");
    await logIn(session.email, NEW_PASSWORD, 62);
    const kinds = (await receiveMails(62, { to: session.email })).map(({ kind }) => kind);
    expect(kinds).toEqual(["password-changed", "new-device"]);
  });

  test("without a session of the account in the browser sets no cookie", async () => {
    const { email } = await newAccount();
    const { token } = await newReset(email);
    const another = await newSignedIn();
    expect(await perform({ token, newPassword: NEW_PASSWORD }, { session: another })).toMatchObject({ cookies: [] });
    expect((await readSession(database.db, another.id)).revokedAt).toBeNull();
  });

  test("forgets the devices, so that a thief's counts as unknown, and those used afterwards are known", async () => {
    const session = await newSignedIn();
    const device = { ...ADA, ip: ADA.address };
    const known = async () => (await findUserForLogin(database.db, session.email, device))?.knownSessionId;
    expect(await known()).toBe(session.id);
    const { token } = await newReset(session.email);
    await perform({ token, newPassword: NEW_PASSWORD }, { seconds: 60 });
    expect(await known()).toBeNull();
    const { access } = await logIn(session.email, NEW_PASSWORD, 61, ADA);
    expect(await known()).toBe(access.sessionId);
  });

  test("confirms the address and keeps the time of an earlier confirmation", async () => {
    const [fresh, confirmed] = [await newAccount(), await newAccount({ emailVerifiedAt: T0 })];
    for (const { email } of [fresh, confirmed]) {
      await perform({ token: (await newReset(email)).token, newPassword: NEW_PASSWORD }, { seconds: 60 });
    }
    expect((await accountOf(fresh.id)).emailVerifiedAt).toEqual(later(60));
    expect((await accountOf(confirmed.id)).emailVerifiedAt).toEqual(T0);
  });

  test("keeps the second factor and the passkeys, and the next login asks for them", async () => {
    const { id, email } = await newAccount({ emailVerifiedAt: T0 });
    await existingFactors(database.db, { userId: id, at: later(-60) });
    await perform({ token: (await newReset(email)).token, newPassword: NEW_PASSWORD }, { seconds: 60 });
    expect(await factorNames(database.db, id)).toEqual({ passkeys: ["own"], recoveryCodes: ["own"], totp: ["own"] });
    const input = { email, password: NEW_PASSWORD, remember: true };
    const asked = await beginLogin(database.db, input, newClient(), null, later(61));
    expect(asked).toMatchObject({ kind: "second-factor", methods: ["passkey", "totp", "recovery-code"] });
  });

  test("of an account without a password sets its first one, and keeps its passkey", async () => {
    const { id, email } = await newAccount({ emailVerifiedAt: T0, passwordHash: "" });
    for (const insert of [existingPasskey, existingRecoveryCode]) {
      await insert(database.db, { userId: id, at: later(-60), name: "own" });
    }
    await perform({ token: (await newReset(email)).token, newPassword: NEW_PASSWORD }, { seconds: 60 });
    expect(await factorNames(database.db, id)).toEqual({ passkeys: ["own"], recoveryCodes: ["own"], totp: [] });
    const input = { email, password: NEW_PASSWORD, remember: true };
    const asked = await beginLogin(database.db, input, newClient(), null, later(61));
    expect(asked).toMatchObject({ kind: "second-factor", methods: ["passkey", "recovery-code"] });
  });

  test("of an address that was never confirmed removes the factors: another person may have registered with it", async () => {
    const [{ id, email }, other] = [await newAccount({ emailVerifiedAt: null }), await newAccount()];
    for (const userId of [id, other.id]) await existingFactors(database.db, { userId, at: later(-60) });
    await database.db.updateTable("totpSecrets").set({ pendingSecret: "pending" }).where("userId", "=", id).execute();
    await perform({ token: (await newReset(email)).token, newPassword: NEW_PASSWORD }, { seconds: 60 });
    expect(await factorNames(database.db, id)).toEqual({ passkeys: [], recoveryCodes: [], totp: [] });
    expect(await factorNames(database.db, other.id)).toMatchObject({ passkeys: ["own"] });
    await logIn(email, NEW_PASSWORD, 61);
  });

  test("clears the failures of the account, which were guesses at the old password", async () => {
    const { email } = await newAccount();
    for (let count = 0; count < 10; count++) await logIn(email, "wrong").catch(() => {});
    expect(await reasonOf(logIn(email, PASSWORD))).toBe("RATE_LIMITED");
    await perform({ token: (await newReset(email)).token, newPassword: NEW_PASSWORD });
    await logIn(email, NEW_PASSWORD, 1);
  });

  test("supersedes a change of address and a verification, with their mails that were not sent", async () => {
    const session = await newSignedIn({ emailVerifiedAt: null });
    const wanted = `${crypto.randomUUID()}@example.test`;
    await askForVerification(session);
    await askForChange(session, wanted);
    const [verification, change] = [
      await receiveMail("verify-email", 0, { to: session.email }),
      await receiveMail("change-email", 0, { to: wanted }),
    ];
    const { token } = await newReset(session.email);
    await askForChange(session, wanted, 61);
    await perform({ token, newPassword: NEW_PASSWORD }, { seconds: 62 });
    for (const mail of [verification, change]) {
      await expect(perform({ token: mail.token, code: mail.code }, { seconds: 63 })).rejects.toMatchObject({
        reason: "LINK_SPENT",
        details: { spent: "superseded" },
      });
    }
    expect(await receiveMails(63, { to: wanted })).toEqual([]);
  });

  test("deletes the mails of further requests that were not sent", async () => {
    const { email } = await newAccount();
    const { token } = await newReset(email);
    await askForReset(email, 61);
    await perform({ token, newPassword: NEW_PASSWORD }, { seconds: 62 });
    expect((await receiveMails(63, { to: email })).map(({ kind }) => kind)).toEqual(["password-changed"]);
  });

  test("works once", async () => {
    const { email } = await newAccount();
    const { token, code } = await newReset(email);
    await perform({ token, newPassword: NEW_PASSWORD });
    await expect(perform({ token, newPassword: PASSWORD })).rejects.toMatchObject({
      reason: "LINK_SPENT",
      details: { spent: "used" },
    });
    expect(await reasonOf(perform({ email, code, newPassword: PASSWORD }))).toBe("LINK_SPENT");
    await logIn(email, NEW_PASSWORD);
  });

  test.each(["short", "password1234", "12345678901"])(
    "refuses the weak password %j and keeps the link",
    async (weak) => {
      const { email } = await newAccount();
      const { token } = await newReset(email);
      await expect(perform({ token, newPassword: weak })).rejects.toMatchObject({
        details: { fields: { newPassword: expect.any(String) } },
      });
      await perform({ token, newPassword: NEW_PASSWORD });
    },
  );

  test("refuses a password that contains the name or address of the account", async () => {
    const { email } = await newAccount({ fullName: "Wilhelmina Featherstone", email: "featherstone@wilhelmina.test" });
    const { token } = await newReset(email);
    expect(await reasonOf(perform({ token, newPassword: "WilhelminaFeatherstone" }))).toBe("WEAK_PASSWORD");
  });
});

test("a changed password supersedes a reset that was requested before", async () => {
  const session = await newSignedIn();
  const { token } = await newReset(session.email);
  const passwords = { currentPassword: PASSWORD, newPassword: NEW_PASSWORD };
  await askForReset(session.email, 61);
  await changePassword(database.db, await callerWith(session), passwords, ADA, later(100));
  await expect(perform({ token, newPassword: "another fine password 88" }, { seconds: 101 })).rejects.toMatchObject({
    details: { spent: "superseded" },
  });
  const mails = await receiveMails(101, { to: session.email });
  expect(mails.map(({ kind }) => kind)).toEqual(["password-changed"]);
});

test("a mail whose delivery failed until its link had expired is sent with a new one", async () => {
  const { email } = await newAccount();
  await askForReset(email);
  const { composeMail } = await import("./compose-mail");
  const mail = () =>
    database.db.selectFrom("outgoingMails").selectAll().where("recipient", "=", email).executeTakeFirstOrThrow();
  const tokenIn = (composed: { text: string } | null) => /#([\w-]+)/.exec(composed!.text)![1]!;
  const attempts = [];
  for (const seconds of [0, 3599, 3600])
    attempts.push(tokenIn(await composeMail(database.db, await mail(), later(seconds))));
  expect(attempts[1]).toBe(attempts[0]);
  expect(attempts[2]).not.toBe(attempts[0]);
  expect(await perform({ token: attempts[2]!, newPassword: NEW_PASSWORD }, { seconds: 3601 })).toMatchObject({
    next: "/login",
  });
});

test("with MAIL=off every procedure of mails and links is not available, and nothing is queued", async () => {
  const off = await anotherInstance(
    async () => ({
      ...(await import("./reset-password")),
      ...(await import("./verify-email")),
      ...(await import("./change-email")),
      ...(await import("./confirm")),
      ...(await import("@/server/auth/login/login")),
      ...(await import("@/server/auth/login/register")),
    }),
    { MAIL: "off" },
  );
  const session = await signedInSession(database.db, T0, { passwordHash: (await newAccount()).passwordHash });
  const { db } = database;
  const caller = await callerWith(session);
  const cookies = {
    accessToken: null,
    refreshToken: session.refreshToken,
    challengeToken: null,
    hasAccessCookie: false,
  };
  const { email } = await accountOf(session.userId);
  for (const run of [
    () => off.requestReset(db, { email, legacyEmail: email }, newClient(), T0),
    () => off.requestVerification(db, caller, T0),
    () => off.requestChange(db, caller, "new@example.test", ADA, T0),
    () => off.describeConfirmation(db, "token", cookies, T0),
    () => off.performConfirmation(db, { token: "token" }, cookies, ADA, T0),
  ]) {
    expect(await reasonOf(run())).toBe("NOT_AVAILABLE");
  }
  const registered = {
    email: `${crypto.randomUUID()}@example.test`,
    fullName: "Ada",
    password: PASSWORD,
    remember: true,
  };
  await off.register(db, registered, newClient(), null, T0);
  await off.login(db, { email, password: PASSWORD, remember: true }, newClient(), null, T0);
  const queued = db.selectFrom("outgoingMails").select("id").where("recipient", "in", [email, registered.email]);
  expect(await queued.execute()).toEqual([]);
});
