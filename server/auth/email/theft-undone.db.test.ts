import { describe, expect, test } from "vitest";
import { existingFactors, existingPasskey, factorNames, readSession } from "@/db/testing";
import { callerWith, later, NEW_PASSWORD, PASSWORD, reasonOf, refreshTokenIn } from "@/server/auth/db-testing";
import { changePassword } from "@/server/auth/login/change-password";
import { login } from "@/server/auth/login/login";
import { describePendingLogin } from "@/server/auth/login/second-factor";
import { ADA, MALLORY, newClient } from "@/server/auth/testing";
import { useMailFlows } from "./testing";

const { database, newSignedIn, accountOf, receiveMail, perform, askForChange } = useMailFlows();

const THEIR_PASSWORD = "nine purple anchors drift east";
const ACTS = ["factors", "password", "address"] as const;
type Act = (typeof ACTS)[number];

const ORDERS = ACTS.flatMap((first) =>
  ACTS.filter((act) => act !== first).map((second) => {
    const third = ACTS.find((act) => act !== first && act !== second)!;
    return [first, second, third] as const;
  }),
);

/** An account with a passkey of its owner, and a thief with its session and password. */
async function newVictim() {
  const session = await newSignedIn();
  const { userId, email } = session;
  await existingPasskey(database.db, { userId, at: later(-86_400), name: "own" });
  let { id: sessionId, accessToken, refreshToken } = session;
  let password = PASSWORD;
  let address = email;
  const theirEmail = `thief-${crypto.randomUUID()}@example.test`;

  const live = () => ({ ...session, id: sessionId, accessToken, refreshToken });
  async function act(what: Act, seconds: number) {
    switch (what) {
      case "factors":
        await existingFactors(database.db, { userId, at: later(seconds), name: "thief" });
        return;
      case "password": {
        const passwords = { currentPassword: password, newPassword: THEIR_PASSWORD };
        const issued = await changePassword(database.db, await callerWith(live()), passwords, ADA, later(seconds));
        sessionId = issued.access.sessionId;
        [accessToken, refreshToken] = [issued.cookies[0]!.value, refreshTokenIn(issued)!];
        password = THEIR_PASSWORD;
        return;
      }
      case "address": {
        await askForChange(live(), theirEmail, seconds);
        const { token } = await receiveMail("change-email", seconds, { to: theirEmail });
        await perform({ token }, { session: live(), seconds });
        address = theirEmail;
      }
    }
  }
  const logIn = (given: string, secret: string, seconds: number, client = newClient()) =>
    login(database.db, { email: given, password: secret, remember: true }, client, null, later(seconds));
  return {
    userId,
    email,
    act,
    logIn,
    thief: () => ({ address, password, sessionId }),
  };
}

describe("a thief with a live session and the password, who adds factors, changes the password and the address: in the order", () => {
  test.each(ORDERS)("%s, %s, %s, the owner's mailbox and own passkey get the account back", async (...order) => {
    const { userId, email, act, logIn, thief } = await newVictim();
    // In whole seconds: a token has no fractions.
    for (const [index, what] of order.entries()) await act(what, (index + 1) * 10);
    const { address, password, sessionId } = thief();
    const pending = await logIn(address, password, 40, MALLORY);
    if (pending.kind !== "second-factor") throw new Error("The login asks for no second factor.");
    const [{ value: challengeToken } = { value: "" }] = pending.cookies;
    expect(await describePendingLogin(database.db, challengeToken, MALLORY, later(41))).not.toBeNull();

    const revert = await receiveMail("email-changed", 50, { to: email });
    await perform(revert, { seconds: 60 });
    const reset = await receiveMail("reset-password", 61, { to: email });
    await perform({ token: reset.token, newPassword: NEW_PASSWORD }, { seconds: 70 });

    expect((await accountOf(userId)).email).toBe(email);
    expect((await readSession(database.db, sessionId)).revokedReason).toBe("address restored");
    expect(await describePendingLogin(database.db, challengeToken, MALLORY, later(71))).toBeNull();
    for (const [given, secret] of [
      [email, password],
      [address, password],
      [address, NEW_PASSWORD],
    ] as const) {
      expect(await reasonOf(logIn(given, secret, 72))).toBe("INVALID_CREDENTIALS");
    }

    // Earlier ones cannot be told from the owner's, who signs in with the passkey and removes them on the security page.
    const wasEarlier = order.indexOf("factors") < order.indexOf("address");
    const left = wasEarlier ? ["thief"] : [];
    expect(await factorNames(database.db, userId)).toEqual({
      passkeys: ["own", ...left],
      recoveryCodes: left,
      totp: left,
    });
    expect(await logIn(email, NEW_PASSWORD, 73)).toMatchObject({
      kind: "second-factor",
      methods: wasEarlier ? ["passkey", "totp", "recovery-code"] : ["passkey"],
    });
  });
});

describe("the link of the old address removes", () => {
  async function reverted(factors: (userId: string) => Promise<unknown>) {
    const { userId, email, act } = await newVictim();
    await act("address", 10);
    await factors(userId);
    await perform(await receiveMail("email-changed", 20, { to: email }), { seconds: 30 });
    return factorNames(database.db, userId);
  }

  test("a factor that was added in the moment of the change", async () => {
    const left = await reverted((userId) => existingFactors(database.db, { userId, at: later(10), name: "thief" }));
    expect(left).toEqual({ passkeys: ["own"], recoveryCodes: [], totp: [] });
  });

  test("no factor that was there a moment before the change", async () => {
    const at = new Date(later(10).getTime() - 1);
    const left = await reverted((userId) => existingFactors(database.db, { userId, at, name: "earlier" }));
    expect(left).toEqual({ passkeys: ["own", "earlier"], recoveryCodes: ["earlier"], totp: ["earlier"] });
  });

  test("a secret that replaced the owner's, and one that waits for its first code, and not the owner's beside it", async () => {
    const replaced = await reverted(async (userId) => {
      await existingFactors(database.db, { userId, at: later(-60) });
      await existingFactors(database.db, { userId, at: later(11), name: "thief" });
    });
    expect(replaced).toEqual({ passkeys: ["own", "own"], recoveryCodes: [], totp: [] });
    let user = "";
    const beside = await reverted(async (userId) => {
      user = userId;
      await existingFactors(database.db, { userId, at: later(-60) });
      const row = database.db.updateTable("totpSecrets").where("userId", "=", userId);
      await row.set({ pendingSecret: "secret of thief", pendingSince: later(11) }).execute();
    });
    expect(beside).toMatchObject({ totp: ["own"] });
    const row = database.db.selectFrom("totpSecrets").select(["secret", "pendingSecret", "pendingSince"]);
    expect(await row.where("userId", "=", user).executeTakeFirst()).toEqual({
      secret: "secret of own",
      pendingSecret: null,
      pendingSince: null,
    });
  });
});

test("'This was not me' restores the address and removes the later factors, and without a changed address removes none", async () => {
  const { userId, email, act } = await newVictim();
  await act("address", 10);
  const notice = await receiveMail("email-change-requested", 10, { to: email });
  await act("factors", 20);
  await perform(notice, { seconds: 30 });
  expect(await factorNames(database.db, userId)).toEqual({ passkeys: ["own"], recoveryCodes: [], totp: [] });

  const other = await newVictim();
  await other.act("password", 10);
  const changed = await receiveMail("password-changed", 10, { to: other.email });
  await existingFactors(database.db, { userId: other.userId, at: later(20), name: "later" });
  await perform(changed, { seconds: 30 });
  expect((await factorNames(database.db, other.userId)).passkeys).toEqual(["own", "later"]);
});
