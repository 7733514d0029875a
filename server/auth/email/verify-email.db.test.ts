import { describe, expect, test } from "vitest";
import { decodeJwt } from "jose";
import { revokeSession } from "@/db/tables/revocations";
import { later, PASSWORD, reasonOf, signedInSession, T0 } from "@/server/auth/db-testing";
import { register } from "@/server/auth/login/register";
import { newClient } from "@/server/auth/testing";
import { useMailFlows } from "./testing";

const {
  database,
  newSignedIn,
  accountOf,
  receiveMails,
  receiveMail,
  perform,
  describeLink,
  askForReset,
  askForVerification,
  askForChange,
} = useMailFlows();
const unverified = { emailVerifiedAt: null };

test("registration sends a link to verify the address, which the browser that registered confirms without the code", async () => {
  const email = `${crypto.randomUUID()}@example.test`;
  const input = { email, fullName: "Ada", password: PASSWORD, remember: true };
  const { access, cookies } = await register(database.db, input, newClient(), null, T0);
  const session = { refreshToken: cookies[1]!.value };

  const { token } = await receiveMail("verify-email", 0, { to: email });
  expect(await describeLink(token, { session })).toMatchObject({ purpose: "verify-email", needs: "press" });
  expect(await perform({ token }, { session, seconds: 60 })).toMatchObject({
    purpose: "verify-email",
    next: "/dashboard",
  });
  expect((await accountOf(access.user.id)).emailVerifiedAt).toEqual(later(60));
});

test("a mail has the name of an account only if its recipient has confirmed the address", async () => {
  const fullName = "Win a prize at prizes.example";
  const session = await newSignedIn({ ...unverified, fullName });
  const newEmail = `${crypto.randomUUID()}@example.test`;
  await askForVerification(session);
  await askForReset(session.email);
  await askForChange(session, newEmail);
  const early = await receiveMails(0);
  const { token } = early.find(({ kind }) => kind === "verify-email")!;
  await perform({ token }, { session, seconds: 60 });
  await askForChange(session, newEmail, 120);
  const late = await receiveMails(120);
  const greetings = [...early, ...late].map(({ kind, recipient, text }) => [
    kind,
    recipient,
    /^Hello\b.*$/m.exec(text)?.[0],
    text.includes(fullName),
  ]);
  expect(greetings.sort()).toEqual([
    ["change-email", newEmail, "Hello,", false],
    ["change-email", newEmail, "Hello,", false],
    ["email-change-requested", session.email, `Hello ${fullName},`, true],
    ["reset-password", session.email, "Hello,", false],
    ["verify-email", session.email, "Hello,", false],
  ]);
});

test("the browser that confirms gets a new access token and keeps its refresh token", async () => {
  const session = await newSignedIn(unverified);
  await askForVerification(session);
  const { token } = await receiveMail("verify-email", 0, { to: session.email });
  const { cookies } = await perform({ token }, { session, seconds: 60 });
  expect(cookies.map(({ name }) => name)).toEqual(["__acc"]);
  expect(decodeJwt(cookies[0]!.value)).toMatchObject({ sid: session.id, email: session.email });
});

test("a second request sends the same link again, which expires as before", async () => {
  const session = await newSignedIn(unverified);
  const received = [];
  for (const seconds of [0, 61, 3600]) {
    await askForVerification(session, seconds);
    received.push(await receiveMail("verify-email", seconds, { to: session.email }));
  }
  expect(new Set(received.map(({ token, code }) => `${token} ${code}`)).size).toBe(1);
  const { expiresAt } = await describeLink(received[0]!.token, { seconds: 3601 });
  expect(expiresAt).toBe(later(24 * 3600).toISOString());
  expect(await reasonOf(perform({ token: received[0]!.token }, { session, seconds: 24 * 3600 }))).toBe("LINK_SPENT");
});

test("a repeated request from another device lets that one confirm without the code, too", async () => {
  const session = await newSignedIn(unverified);
  await askForVerification(session);
  const { token } = await receiveMail("verify-email", 0, { to: session.email });
  const other = await signedInSession(database.db, T0, { id: session.userId }).catch(() => null);
  expect(other).toBeNull();
  expect(await describeLink(token, { session })).toMatchObject({ needs: "press" });
});

test("a link that was confirmed is used, and sends no further mail", async () => {
  const session = await newSignedIn(unverified);
  await askForVerification(session);
  await askForVerification(session, 61);
  const mails = await receiveMails(0, { to: session.email });
  await perform({ token: mails[0]!.token, code: mails[0]!.code });
  await expect(perform({ token: mails[0]!.token })).rejects.toMatchObject({
    reason: "LINK_SPENT",
    details: { spent: "used" },
  });
  await askForVerification(session, 200);
  expect(await receiveMails(200, { to: session.email })).toEqual([]);
});

test("a mail that was not sent when the address was confirmed is not sent any more", async () => {
  const session = await newSignedIn(unverified);
  await askForVerification(session);
  const { token, code } = await receiveMail("verify-email", 0, { to: session.email });
  await askForVerification(session, 61);
  await perform({ token, code }, { seconds: 62 });
  expect(await receiveMails(63, { to: session.email })).toEqual([]);
});

describe("without the session that asked", () => {
  test.each([
    ["a browser without a session", async () => ({})],
    ["a browser with another account's session", async () => newSignedIn()],
    [
      "a browser whose session has ended",
      async (session: Awaited<ReturnType<typeof newSignedIn>>) => {
        await revokeSession(database.db, { id: session.id, reason: "logout" });
        return session;
      },
    ],
  ])("%s must type the code", async (_, holder) => {
    const asking = await newSignedIn(unverified);
    await askForVerification(asking);
    const { token, code } = await receiveMail("verify-email", 0, { to: asking.email });
    const session = await holder(asking);
    expect(await describeLink(token, { session })).toMatchObject({ needs: "code" });
    await expect(perform({ token }, { session })).rejects.toMatchObject({
      reason: "BAD_INPUT",
      details: { fields: { code: "Type the code from the mail." } },
    });
    expect((await accountOf(asking.userId)).emailVerifiedAt).toBeNull();
    expect(await perform({ token, code }, { session })).toMatchObject({ purpose: "verify-email" });
    expect((await accountOf(asking.userId)).emailVerifiedAt).not.toBeNull();
  });
});

test("at most one mail in a minute and five in an hour are sent to an address, and further requests are answered alike", async () => {
  const session = await newSignedIn(unverified);
  let sent = 0;
  for (let minute = 0; minute < 9; minute++) {
    await askForVerification(session, minute * 61);
    sent += (await receiveMails(minute * 61, { to: session.email })).length;
    expect(sent).toBe(Math.min(5, minute + 1));
  }
  await askForVerification(session, 8 * 61 + 1);
  expect(await reasonOf(askForVerification(session, 8 * 61 + 2))).toBe("RATE_LIMITED");
});

test("a caller whose session has ended is refused, and nothing is sent", async () => {
  const session = await newSignedIn(unverified);
  await revokeSession(database.db, { id: session.id, reason: "logout" });
  expect(await reasonOf(askForVerification(session))).toBe("SESSION_ENDED");
  expect(await receiveMails(0, { to: session.email })).toEqual([]);
});
