import { beforeEach, describe, expect, test } from "vitest";
import { revokeSession } from "@/db/tables/revocations";
import { atOnce, existingFactors, existingRecoveryCode, existingUser, readSession } from "@/db/testing";
import { findUserById } from "@/db/tables/users";
import { countStatements, later, PASSWORD, signedInSession, T0, useAppDatabase } from "@/server/auth/db-testing";
import { hashPassword } from "@/server/auth/passwords/password";
import { PROCEDURES } from "@/server/auth/policy/procedures";
import { issueTokens } from "@/server/auth/sessions/issue-tokens";
import { openSession } from "@/server/auth/sessions/open-session";
import { readRevocations } from "@/server/auth/sessions/revocation-feed";
import { ADA } from "@/server/auth/testing";
import { call, fromElsewhere, get } from "./testing";
import { database as appDatabase } from "@/server/runtime/database";

const database = useAppDatabase();
const passwordHash = await hashPassword(PASSWORD);

describe("logout and revocation", () => {
  test.each(["", "__acc=x; __ref=y", "__acc=; __acc=; __ref="])(
    "logout with %j clears both cookies",
    async (cookie) => {
      const answer = await call("auth.logout", { cookie });
      expect(answer.json.result.data).toEqual({ ok: true });
      expect(answer.cookies).toEqual([
        "__acc=; Path=/; HttpOnly; SameSite=Lax; Max-Age=0",
        "__ref=; Path=/; HttpOnly; SameSite=Lax; Max-Age=0",
      ]);
    },
  );

  test("logout everywhere with an access token due for refresh clears the refreshed cookies", async () => {
    const session = await signedInSession(database.db, T0);
    const answer = await call("auth.logoutAll", { cookie: session, now: later(570) });
    expect(answer.cookies.map((cookie) => /Max-Age=0$/.test(cookie))).toEqual([true, true]);
    expect((await readSession(database.db, session.id)).revokedReason).toBe("logout everywhere");
  });

  test("revoking the current session clears the cookies, and revoking another one does not", async () => {
    const session = await signedInSession(database.db, T0);
    expect((await call("sessions.revoke", { cookie: session, input: { id: session.id } })).cookies).toHaveLength(2);
  });
});

test("revoking another user's session and revoking an unknown one get the same response", async () => {
  const [mine, theirs] = [await signedInSession(database.db, T0), await signedInSession(database.db, T0)];
  const answers = [];
  for (const id of [theirs.id, crypto.randomUUID()]) {
    const { status, text, cookies } = await call("sessions.revoke", { cookie: mine, input: { id } });
    answers.push({ status, text, cookies });
  }
  expect(answers[0]).toMatchObject({ status: 404 });
  expect(answers[0]).toEqual(answers[1]);
  expect((await readSession(database.db, theirs.id)).revokedAt).toBeNull();
});

test("no response body contains a token", async () => {
  const { email } = await existingUser(database.db, { passwordHash });
  const headers = fromElsewhere();
  const answer = await call("auth.login", { input: { email, password: PASSWORD }, headers });
  expect(answer.status).toBe(200);
  const cookie = answer.cookies.map((one) => one.split(";")[0]).join("; ");
  const bodies = [answer.text];
  for (const path of ["auth.session", "users.me", "sessions.list"])
    bodies.push((await get(path, { cookie, headers })).text);
  bodies.push((await call("auth.refresh", { cookie, headers })).text);
  for (const body of bodies) {
    expect(body).toContain('"result"');
    expect(body).not.toMatch(/eyJ|nonce|hash|secret/i);
  }
});

test("a procedure with a step-up rule refuses a caller whose authentication is older, and names the methods of a step-up", async () => {
  const session = await signedInSession(database.db, T0, { passwordHash });
  expect((await call("totp.begin", { cookie: session, now: later(299) })).status).toBe(200);
  const late = await call("totp.begin", { cookie: session, now: later(301) });
  expect(late).toMatchObject({ status: 403, data: { reason: "STEP_UP_REQUIRED", methods: ["password"] } });
  await existingFactors(database.db, { userId: session.userId, at: T0 });
  const strong = await call("totp.begin", { cookie: session, now: later(299) });
  expect(strong.data).toMatchObject({ reason: "STEP_UP_REQUIRED", methods: ["passkey", "totp", "recovery-code"] });
});

describe("a procedure with a step-up rule runs 299 s after a strong authentication, and is refused after 301 s:", () => {
  const id = "0193500e-5a11-7e10-8000-000000000001";
  const email = "ada@example.test";
  const INPUTS: Record<string, unknown> = {
    "account.export": undefined,
    "account.requestDeletion": { email },
    "email.requestChange": { email },
    "users.changePassword": { currentPassword: "wrong", newPassword: "violet kettle orbits 41 mountains" },
    "users.setPassword": { newPassword: "violet kettle orbits 41 mountains" },
    "totp.begin": undefined,
    "totp.confirm": { code: "000000" },
    "totp.remove": undefined,
    "recoveryCodes.renew": undefined,
    "passkeys.beginRegistration": undefined,
    "passkeys.finishRegistration": { response: {} },
    "passkeys.remove": { id },
  };

  test.each(Object.entries(INPUTS))("%s", async (path, input) => {
    const { userId, user } = await signedInSession(database.db, T0, { passwordHash });
    await existingFactors(database.db, { userId, at: T0 });
    const strong = await openSession(database.db, user, true, ADA, T0, null, ["password", "totp"]);
    const { cookies } = await issueTokens(strong!, ADA, T0);
    const cookie = `__acc=${cookies[0]!.value}`;
    const reasonAt = async (seconds: number) => (await call(path, { cookie, input, now: later(seconds) })).data?.reason;
    expect(await reasonAt(301)).toBe("STEP_UP_REQUIRED");
    expect(await reasonAt(299)).not.toBe("STEP_UP_REQUIRED");
  });

  test("these are all", () => {
    const withRule = Object.keys(PROCEDURES).filter((path) => PROCEDURES[path]!.stepUp !== undefined);
    expect(Object.keys(INPUTS).sort()).toEqual(withRule.sort());
  });
});

test("the next access token contains a changed name at once", async () => {
  const session = await signedInSession(database.db, T0);
  const answer = await call("users.update", { cookie: session, input: { fullName: "  Grace   Hopper " } });
  expect(answer.json.result.data).toMatchObject({ fullName: "Grace Hopper" });
  expect(answer.cookies).toHaveLength(1);
  const again = await get("auth.session", { cookie: answer.cookies[0]!.split(";")[0]! });
  expect(again.json.result.data.user.fullName).toBe("Grace Hopper");
});

test("users.update reports success if the session ends right after the name was changed", async () => {
  const session = await signedInSession(database.db, T0);
  const answers = await atOnce(20, async (index) => {
    const other = index === 0 ? session : await signedInSession(database.db, T0);
    const [answer] = await Promise.all([
      call("users.update", { cookie: other, input: { fullName: `Name ${index}` } }),
      revokeSession(database.db, { id: other.id, reason: "revoked by user" }),
    ]);
    const { fullName } = (await findUserById(database.db, other.userId))!;
    return [answer.status, fullName === `Name ${index}`];
  });
  for (const [status, isChanged] of answers) expect(isChanged).toBe(status === 200);
});

describe("users.changePassword", () => {
  beforeEach(() => readRevocations(appDatabase()));
  const input = { currentPassword: PASSWORD, newPassword: "violet kettle orbits 41 mountains" };

  test("replaces both cookies and returns nothing but success", async () => {
    const session = await signedInSession(database.db, T0, { passwordHash });
    const answer = await call("users.changePassword", { cookie: session, input });
    expect(answer.json.result.data).toEqual({ ok: true });
    expect(answer.cookies.map((one) => one.split("=")[0])).toEqual(["__acc", "__ref"]);

    const late = await call("auth.refresh", { cookie: session });
    expect([late.status, late.data.reason, late.cookies]).toEqual([401, "SESSION_ENDED", []]);
    const cookie = answer.cookies.map((one) => one.split(";")[0]).join("; ");
    const listed = await get("sessions.list", { cookie });
    expect(listed.json.result.data).toMatchObject([{ current: true }]);
  });

  test("needs a recent second factor where the account has one, besides the current password", async () => {
    const session = await signedInSession(database.db, T0, { passwordHash });
    await existingFactors(database.db, { userId: session.userId, at: T0 });
    const refused = await call("users.changePassword", { cookie: session, input });
    expect([refused.status, refused.data.reason]).toEqual([403, "STEP_UP_REQUIRED"]);
    expect(refused.data.methods).toEqual(["passkey", "totp", "recovery-code"]);
    expect((await findUserById(database.db, session.userId))!.passwordHash).toBe(passwordHash);
    expect((await readSession(database.db, session.id)).revokedAt).toBeNull();

    const strong = await openSession(database.db, session.user, true, ADA, T0, null, ["password", "totp"]);
    const { cookies } = await issueTokens(strong!, ADA, T0);
    const cookie = `__acc=${cookies[0]!.value}`;
    const late = await call("users.changePassword", { cookie, input, now: later(301) });
    expect([late.status, late.data.reason]).toEqual([403, "STEP_UP_REQUIRED"]);
    expect(await call("users.changePassword", { cookie, input, now: later(299) })).toMatchObject({ status: 200 });
  });

  test("asks an account without a second factor for its current password only, however old the login is", async () => {
    const session = await signedInSession(database.db, T0, { passwordHash });
    await existingRecoveryCode(database.db, { userId: session.userId, at: T0, name: "left" });
    expect(await call("users.changePassword", { cookie: session, input, now: later(500) })).toMatchObject({
      status: 200,
    });
  });

  test.each([
    ["is the current one", PASSWORD, PASSWORD],
    ["is the current one in another spelling", "ｃｏｒｒｅｃｔ horse battery staple", PASSWORD],
    ["is the current one, which is wrong", "never mind which", "never mind which"],
  ])(
    "a new password that %s is refused at its field and consumes no attempt",
    async (_, newPassword, currentPassword) => {
      const session = await signedInSession(database.db, T0, { passwordHash });
      const statements = await countStatements(database.url, async () => {
        const answer = await call("users.changePassword", { cookie: session, input: { currentPassword, newPassword } });
        expect([answer.status, answer.data.reason]).toEqual([400, "BAD_INPUT"]);
        expect(answer.data.fields).toEqual({ newPassword: expect.stringContaining("different") });
      });
      expect(statements).toBe(0);
      expect((await readSession(database.db, session.id)).revokedAt).toBeNull();
    },
  );
});
