import { describe, expect, test } from "vitest";
import { readSession } from "@/db/testing";
import { later, NEW_PASSWORD, signedInSession, T0 } from "@/server/auth/db-testing";
import { useMailFlows } from "@/server/auth/email/testing";
import { call, fromElsewhere, get } from "./testing";

const { database, newSignedIn, accountOf, receiveMail, askForVerification } = useMailFlows();

const newAddress = () => `${crypto.randomUUID()}@example.test`;

test("a forgotten password is replaced by requests over HTTP, without a cookie", async () => {
  const { email } = await newSignedIn();
  const asked = await call("password.requestReset", {
    input: { email: ` ${email.toUpperCase()} ` },
    headers: fromElsewhere(),
  });
  expect([asked.status, asked.json.result.data]).toEqual([200, { ok: true }]);
  const { token } = await receiveMail("reset-password", 0, { to: email });

  const described = await call("confirm.describe", { input: { token } });
  expect(described.json.result.data).toMatchObject({ purpose: "reset-password", needs: "new-password" });
  expect(described.text).not.toContain(email);

  const performed = await call("confirm.perform", {
    input: { token, newPassword: NEW_PASSWORD },
    headers: fromElsewhere(),
  });
  expect([performed.status, performed.json.result.data]).toEqual([200, { purpose: "reset-password", next: "/login" }]);
  expect(performed.cookies).toEqual([]);
  const again = await call("confirm.perform", {
    input: { token, newPassword: NEW_PASSWORD },
    headers: fromElsewhere(),
  });
  expect(again.status).toBe(410);
  expect(again.data).toMatchObject({ reason: "LINK_SPENT", httpStatus: 410, spent: "used" });
});

test("a reset in a browser that is signed in to the account clears its cookies", async () => {
  const session = await newSignedIn();
  await call("password.requestReset", { input: { email: session.email }, headers: fromElsewhere() });
  const { token } = await receiveMail("reset-password", 0, { to: session.email });
  const input = { token, newPassword: NEW_PASSWORD };
  const performed = await call("confirm.perform", { input, cookie: session, headers: fromElsewhere() });
  expect(performed.cookies.map((cookie) => /Max-Age=0$/.test(cookie))).toEqual([true, true]);
});

test("an unknown token is answered 410, in a batch of one call, too", async () => {
  for (const path of ["confirm.describe", "confirm.describe?batch=1", "confirm.perform"]) {
    const input = path.endsWith("batch=1") ? { 0: { token: "A".repeat(64) } } : { token: "A".repeat(64) };
    const answer = await call(path, { input, headers: fromElsewhere() });
    expect(answer.status, path).toBe(410);
    expect(answer.text, path).not.toContain("spent");
  }
});

test("a change of address needs a recent login, and the browser that asked then has the new address in its token", async () => {
  const session = await newSignedIn();
  const email = newAddress();
  const refused = await call("email.requestChange", { input: { email }, cookie: session, now: later(301) });
  expect([refused.status, refused.data.reason]).toEqual([403, "STEP_UP_REQUIRED"]);
  const asked = await call("email.requestChange", { input: { email }, cookie: session, now: later(299) });
  expect(asked.json.result.data).toEqual({ ok: true });
  const { token } = await receiveMail("change-email", 0, { to: email });

  const headers = fromElsewhere();
  const performed = await call("confirm.perform", { input: { token }, cookie: session, headers });
  expect(performed.json.result.data).toEqual({ purpose: "change-email", next: "/dashboard/account" });
  const accessToken = performed.cookies[0]!.split(/[=;]/)[1]!;
  const signedIn = await get("auth.session", { cookie: { accessToken }, headers });
  expect(signedIn.json.result.data.user.email).toBe(email);
});

test("a verification is requested by the signed-in user and confirmed by a press in the same browser", async () => {
  const session = await newSignedIn({ emailVerifiedAt: null });
  expect((await call("email.requestVerification", { cookie: session })).json.result.data).toEqual({ ok: true });
  const { token } = await receiveMail("verify-email", 0, { to: session.email });
  const performed = await call("confirm.perform", { input: { token }, cookie: session, headers: fromElsewhere() });
  expect(performed.json.result.data).toEqual({ purpose: "verify-email", next: "/dashboard" });
  expect((await accountOf(session.userId)).emailVerifiedAt).toEqual(later(10));
});

describe("a machine that opens links", () => {
  test("and presses every button confirms nothing: without the cookie a press is refused", async () => {
    const session = await newSignedIn({ emailVerifiedAt: null });
    await askForVerification(session);
    const { token } = await receiveMail("verify-email", 0, { to: session.email });
    for (let count = 0; count < 3; count++) {
      const pressed = await call("confirm.perform", { input: { token }, headers: fromElsewhere() });
      expect([pressed.status, pressed.data.reason, pressed.data.fields]).toEqual([
        400,
        "BAD_INPUT",
        { code: "Type the code from the mail." },
      ]);
    }
    expect((await accountOf(session.userId)).emailVerifiedAt).toBeNull();
    const pressed = await call("confirm.perform", { input: { token }, cookie: session, headers: fromElsewhere() });
    expect(pressed.status).toBe(200);
  });

  test("and sends GET or a form changes nothing", async () => {
    const session = await newSignedIn({ emailVerifiedAt: null });
    await askForVerification(session);
    const { token } = await receiveMail("verify-email", 0, { to: session.email });
    const query = `?input=${encodeURIComponent(JSON.stringify({ token }))}`;
    expect((await get(`confirm.perform${query}`, { cookie: session })).status).toBe(405);
    const form = { body: `token=${token}`, headers: { "content-type": "application/x-www-form-urlencoded" } };
    expect((await call("confirm.perform", { ...form, cookie: session })).status).toBe(415);
    const headers = { origin: "https://evil.test" };
    expect((await call("confirm.perform", { input: { token }, headers, cookie: session })).status).toBe(403);
    expect((await accountOf(session.userId)).emailVerifiedAt).toBeNull();
  });
});

test("procedures of links are refused in a batch of several calls", async () => {
  const session = await signedInSession(database.db, T0);
  for (const name of ["confirm.perform", "confirm.describe", "password.requestReset", "email.requestChange"]) {
    const input = { 0: { token: "a" }, 1: { token: "a" } };
    const answer = await call(`${name},${name}?batch=1`, { input, cookie: session });
    expect([answer.status, answer.data.reason], name).toEqual([400, "BAD_INPUT"]);
  }
  expect((await readSession(database.db, session.id)).revokedAt).toBeNull();
});
