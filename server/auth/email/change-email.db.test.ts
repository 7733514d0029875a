import { decodeJwt } from "jose";
import { describe, expect, test } from "vitest";
import { readSession } from "@/db/testing";
import { findUserById } from "@/db/tables/users";
import { revokeSession } from "@/db/tables/revocations";
import { later, NEW_PASSWORD, PASSWORD, reasonOf, signedInSession, T0, logIn as login } from "@/server/auth/db-testing";
import { register } from "@/server/auth/login/register";
import { newClient } from "@/server/auth/testing";
import { useMailFlows } from "./testing";

const { database, newAccount, newSignedIn, accountOf, receiveMails, receiveMail, perform, askForChange, askForReset } =
  useMailFlows();

const newAddress = () => `${crypto.randomUUID()}@example.test`;

/** A signed-in account that has changed its address, with the mail that its old address got about it. */
async function newChanged(seconds = 60) {
  const session = await newSignedIn();
  const wanted = newAddress();
  await askForChange(session, wanted);
  const notice = await receiveMail("email-change-requested", 0, { to: session.email });
  const { token } = await receiveMail("change-email", 0, { to: wanted });
  await perform({ token }, { session, seconds });
  return {
    session,
    old: session.email,
    wanted,
    notice,
    revert: await receiveMail("email-changed", seconds, { to: session.email }),
  };
}

const registerAs = (email: string, seconds = 0) =>
  register(
    database.db,
    { email, fullName: "Ada", password: PASSWORD, remember: true },
    newClient(),
    null,
    later(seconds),
  );

describe("a request", () => {
  test("tells both addresses and changes nothing until the new one is confirmed", async () => {
    const session = await newSignedIn();
    const wanted = newAddress();
    await askForChange(session, wanted);
    expect((await accountOf(session.userId)).email).toBe(session.email);
    const toNew = await receiveMail("change-email", 0, { to: wanted });
    const toOld = await receiveMail("email-change-requested", 0, { to: session.email });
    expect(toNew.text).toContain(session.email);
    expect(toOld.text).toContain(wanted);
    expect((await accountOf(session.userId)).email).toBe(session.email);

    const { cookies } = await perform({ token: toNew.token }, { session, seconds: 60 });
    expect(await accountOf(session.userId)).toMatchObject({ email: wanted, emailVerifiedAt: later(60) });
    expect(cookies.map(({ name }) => name)).toEqual(["__acc"]);
    expect(decodeJwt(cookies[0]!.value)).toMatchObject({ sid: session.id, email: wanted });
    expect((await readSession(database.db, session.id)).revokedAt).toBeNull();
  });

  test("of an address that was never confirmed tells that one nothing: it may be another person's", async () => {
    const session = await newSignedIn({ emailVerifiedAt: null });
    const wanted = newAddress();
    await askForChange(session, wanted);
    const { token } = await receiveMail("change-email", 0, { to: wanted });
    await perform({ token }, { session });
    expect(await receiveMails(0, { to: session.email })).toEqual([]);
  });

  test("for another account's address is answered alike, sends nothing to it, and is refused at the end", async () => {
    const [session, other] = [await newSignedIn(), await newAccount()];
    await askForChange(session, other.email);
    expect(await receiveMails(0, { to: other.email })).toEqual([]);
    expect((await receiveMail("email-change-requested", 0, { to: session.email })).text).toContain(other.email);
  });

  test("for the own address is refused", async () => {
    const session = await newSignedIn();
    await expect(askForChange(session, session.email)).rejects.toMatchObject({
      reason: "BAD_INPUT",
      details: { fields: { email: "That is your address already." } },
    });
  });

  test("for another new address supersedes the one before, and its mail that was not sent", async () => {
    const session = await newSignedIn();
    const [first, second, third] = [newAddress(), newAddress(), newAddress()];
    await askForChange(session, first);
    const { token, code } = await receiveMail("change-email", 0, { to: first });
    await askForChange(session, second, 1);
    await askForChange(session, third, 2);
    expect(await receiveMails(3, { to: second })).toEqual([]);
    await expect(perform({ token, code })).rejects.toMatchObject({ details: { spent: "superseded" } });
    await perform({ token: (await receiveMail("change-email", 3, { to: third })).token }, { session });
    expect((await accountOf(session.userId)).email).toBe(third);
  });

  test("that is repeated sends the same link", async () => {
    const session = await newSignedIn();
    const wanted = newAddress();
    await askForChange(session, wanted);
    const { token } = await receiveMail("change-email", 0, { to: wanted });
    await askForChange(session, wanted, 61);
    expect((await receiveMail("change-email", 61, { to: wanted })).token).toBe(token);
  });

  test("of a caller whose session has ended is refused", async () => {
    const session = await newSignedIn();
    await revokeSession(database.db, { id: session.id, reason: "logout" });
    expect(await reasonOf(askForChange(session, newAddress()))).toBe("SESSION_ENDED");
  });

  test("sends at most one mail in a minute to an address, from any accounts, and is answered alike beyond", async () => {
    const victim = newAddress();
    for (let count = 0; count < 3; count++) await askForChange(await newSignedIn(), victim);
    expect(await receiveMails(0, { to: victim })).toHaveLength(1);
  });
});

describe("the new address", () => {
  test("is refused if another account has it by then, and the link stays open", async () => {
    const session = await newSignedIn();
    const wanted = newAddress();
    await askForChange(session, wanted);
    const { token, code } = await receiveMail("change-email", 0, { to: wanted });
    const other = await newAccount({ email: wanted });
    await expect(perform({ token, code })).rejects.toMatchObject({ reason: "EMAIL_TAKEN" });
    expect((await accountOf(session.userId)).email).toBe(session.email);
    await database.db.updateTable("users").set({ email: newAddress() }).where("id", "=", other.id).execute();
    await perform({ token, code });
    expect((await accountOf(session.userId)).email).toBe(wanted);
  });

  test("ends links to the old address: a reset and its mail that was not sent", async () => {
    const session = await newSignedIn();
    const wanted = newAddress();
    await askForReset(session.email);
    const { token } = await receiveMail("reset-password", 0, { to: session.email });
    await askForReset(session.email, 61);
    await askForChange(session, wanted, 62);
    await perform({ token: (await receiveMail("change-email", 62, { to: wanted })).token }, { session, seconds: 63 });
    await expect(perform({ token, newPassword: NEW_PASSWORD })).rejects.toMatchObject({
      details: { spent: "superseded" },
    });
    const kinds = (await receiveMails(64, { to: session.email })).map(({ kind }) => kind);
    expect(kinds.sort()).toEqual(["email-change-requested", "email-changed"]);
  });

  test("signs in, and the old one does not", async () => {
    const { wanted, old } = await newChanged();
    const attempt = (email: string) =>
      login(database.db, { email, password: PASSWORD, remember: true }, newClient(), null, later(100));
    expect((await attempt(wanted)).access.user.email).toBe(wanted);
    expect(await reasonOf(attempt(old))).toBe("INVALID_CREDENTIALS");
  });
});

describe("the link to the old address", () => {
  test("needs the code, also in the browser that made the change, and restores the address, ends all sessions and starts a reset", async () => {
    const { session, old, wanted, revert } = await newChanged();
    await expect(perform({ token: revert.token }, { session, seconds: 100 })).rejects.toMatchObject({
      reason: "BAD_INPUT",
      details: { fields: { code: expect.any(String) } },
    });
    const { next } = await perform({ token: revert.token, code: revert.code }, { seconds: 100 });
    expect(next).toBe("/login");
    expect(await accountOf(session.userId)).toMatchObject({ email: old, devicesForgottenAt: later(100) });
    expect((await readSession(database.db, session.id)).revokedReason).toBe("address restored");

    const mails = await receiveMails(101);
    const kindsTo = (recipient: string) => mails.filter((mail) => mail.recipient === recipient).map(({ kind }) => kind);
    expect(kindsTo(old)).toEqual(["reset-password"]);
    expect(kindsTo(wanted)).toEqual(["email-reverted"]);
    const reset = mails.find(({ kind }) => kind === "reset-password")!;
    await perform({ token: reset.token, newPassword: NEW_PASSWORD }, { seconds: 200 });
  });

  test("works for seven days", async () => {
    const { revert } = await newChanged(0);
    const week = 7 * 24 * 3600;
    await expect(perform(revert, { seconds: week })).rejects.toMatchObject({ details: { spent: "expired" } });
    await perform(revert, { seconds: week - 1 });
  });

  test("keeps the old address from others until then: a registration and a change are refused as taken", async () => {
    const { old, revert } = await newChanged(0);
    expect(await reasonOf(registerAs(old, 10))).toBe("EMAIL_TAKEN");
    expect(await findUserById(database.db, old)).toBeUndefined();
    const thief = await newSignedIn();
    await askForChange(thief, old, 10);
    expect(await receiveMails(10, { to: old })).toEqual([]);
    await perform(revert, { seconds: 20 });
  });

  test("keeps the old address also from an account that asked for it before", async () => {
    const [early, owner] = [await newSignedIn(), await newSignedIn()];
    const [wanted, next] = [newAddress(), newAddress()];
    await askForChange(early, wanted);
    const earlyLink = await receiveMail("change-email", 0, { to: wanted });
    for (const [seconds, email] of [
      [61, wanted],
      [62, next],
    ] as const) {
      await askForChange(owner, email, seconds);
      await perform(await receiveMail("change-email", seconds, { to: email }), { seconds });
    }
    await expect(perform(earlyLink, { seconds: 63 })).rejects.toMatchObject({ reason: "EMAIL_TAKEN" });
    expect((await accountOf(early.userId)).email).toBe(early.email);
  });

  test("no longer keeps it once the link has expired", async () => {
    const { old } = await newChanged(0);
    await registerAs(old, 7 * 24 * 3600);
  });

  test("is refused if another account has the address all the same, and stays open", async () => {
    const { old, revert, session, wanted } = await newChanged();
    await newAccount({ email: old });
    await expect(perform(revert, { seconds: 100 })).rejects.toMatchObject({ reason: "EMAIL_TAKEN" });
    expect((await accountOf(session.userId)).email).toBe(wanted);
    expect((await readSession(database.db, session.id)).revokedAt).toBeNull();
  });

  test("is not ended by the link of a later change: a thief who changes the address twice cannot restore their own", async () => {
    const { session, old, wanted, revert } = await newChanged();
    const third = newAddress();
    await askForChange(session, third, 100);
    await perform({ token: (await receiveMail("change-email", 100, { to: third })).token }, { session, seconds: 101 });
    const later = await receiveMail("email-changed", 101, { to: wanted });
    await perform(later, { seconds: 102 });
    expect((await accountOf(session.userId)).email).toBe(wanted);
    await perform(revert, { seconds: 103 });
    expect((await accountOf(session.userId)).email).toBe(old);
  });

  test("ends the links of later changes", async () => {
    const { session, old, wanted, revert } = await newChanged();
    const third = newAddress();
    await askForChange(session, third, 100);
    await perform({ token: (await receiveMail("change-email", 100, { to: third })).token }, { session, seconds: 101 });
    const later = await receiveMail("email-changed", 101, { to: wanted });
    await perform(revert, { seconds: 102 });
    await expect(perform(later, { seconds: 103 })).rejects.toMatchObject({ details: { spent: "superseded" } });
    expect((await accountOf(session.userId)).email).toBe(old);
  });

  test("survives a password change and a reset by the thief", async () => {
    const { wanted, old, revert, session } = await newChanged();
    await askForReset(wanted, 100);
    const { token } = await receiveMail("reset-password", 100, { to: wanted });
    await perform({ token, newPassword: NEW_PASSWORD }, { seconds: 101 });
    await perform(revert, { seconds: 102 });
    expect((await accountOf(session.userId)).email).toBe(old);
  });

  test("cannot be made useless by wrong codes for the old address", async () => {
    const { old, revert, session } = await newChanged();
    for (let count = 0; count < 6; count++) await perform({ email: old, code: "0000-0000" }).catch(() => {});
    await perform(revert, { seconds: 100 });
    expect((await accountOf(session.userId)).email).toBe(old);
  });
});

describe("'This was not me'", () => {
  test("before the new address is confirmed: ends all sessions, cancels the change and starts a reset", async () => {
    const session = await newSignedIn();
    const wanted = newAddress();
    await askForChange(session, wanted);
    const [change, notice] = [
      await receiveMail("change-email", 0, { to: wanted }),
      await receiveMail("email-change-requested", 0, { to: session.email }),
    ];
    expect(await perform(notice, { seconds: 60 })).toMatchObject({ purpose: "not-me", next: "/login" });
    expect((await readSession(database.db, session.id)).revokedReason).toBe("not me");
    await expect(perform(change, { seconds: 61 })).rejects.toMatchObject({ details: { spent: "superseded" } });
    await receiveMail("reset-password", 61, { to: session.email });
  });

  test("after the thief has confirmed it: restores the old address", async () => {
    const { session, old, notice, revert } = await newChanged();
    await perform(notice, { seconds: 100 });
    expect((await accountOf(session.userId)).email).toBe(old);
    expect((await receiveMails(101, { to: old })).map(({ kind }) => kind)).toContain("reset-password");
    await expect(perform(revert, { seconds: 102 })).rejects.toMatchObject({ details: { spent: "used" } });
  });

  test("needs the code, also in the browser that the notice is about", async () => {
    const session = await newSignedIn();
    await askForChange(session, newAddress());
    const { token } = await receiveMail("email-change-requested", 0, { to: session.email });
    expect(await reasonOf(perform({ token }, { session }))).toBe("BAD_INPUT");
    const other = await signedInSession(database.db, T0);
    expect(await reasonOf(perform({ token, newPassword: NEW_PASSWORD }, { session: other }))).toBe("BAD_INPUT");
    expect((await readSession(database.db, session.id)).revokedAt).toBeNull();
  });
});
