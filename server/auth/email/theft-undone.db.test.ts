import { describe, expect, test } from "vitest";
import { existingFactors, factorNames, readSession } from "@/db/testing";
import { callerWith, later, NEW_PASSWORD, PASSWORD, reasonOf, refreshTokenIn } from "@/server/auth/db-testing";
import { changePassword } from "@/server/auth/login/change-password";
import { login } from "@/server/auth/login/login";
import { beginSecondStepAssertion, describePendingLogin, finishLogin } from "@/server/auth/login/second-factor";
import { newAuthenticator } from "@/server/auth/passkeys/testing";
import { ADA, newClient } from "@/server/auth/testing";
import { requestChange } from "./change-email";
import { useMailFlows, type ReceivedMail } from "./testing";

const { database, newSignedIn, accountOf, receiveMail, receiveMails, perform, reportFactors } = useMailFlows();

const THEIR_PASSWORD = "nine purple anchors drift east";
const ACTS = ["factors", "password", "address"] as const;
type Act = (typeof ACTS)[number];

/** The mails that the owner's address receives about an act. */
const REPORTS: Record<Act, string[]> = {
  factors: ["factor-changed"],
  password: ["password-changed"],
  address: ["email-change-requested", "email-changed"],
};

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
  const authenticator = newAuthenticator();
  const passkey = { ...authenticator.rowOf(userId, later(-86_400)), name: "own" };
  await database.db.insertInto("passkeys").values(passkey).execute();
  let { id: sessionId, accessToken, refreshToken } = session;
  let password = PASSWORD;
  let address = email;

  const live = () => ({ ...session, id: sessionId, accessToken, refreshToken });
  async function act(what: Act, seconds: number, confirmedSeconds = seconds) {
    const caller = () => callerWith(live(), later(seconds));
    switch (what) {
      case "factors":
        await existingFactors(database.db, { userId, at: later(seconds), name: "thief" });
        await reportFactors({ userId, email: address }, seconds);
        return;
      case "password": {
        const passwords = { currentPassword: password, newPassword: THEIR_PASSWORD };
        const issued = await changePassword(database.db, await caller(), passwords, ADA, later(seconds));
        sessionId = issued.access.sessionId;
        [accessToken, refreshToken] = [issued.cookies[0]!.value, refreshTokenIn(issued)!];
        password = THEIR_PASSWORD;
        return;
      }
      case "address": {
        const theirEmail = `thief-${crypto.randomUUID()}@example.test`;
        await requestChange(database.db, await caller(), theirEmail, ADA, later(seconds));
        const { token } = await receiveMail("change-email", seconds, { to: theirEmail });
        await perform({ token }, { session: live(), seconds: confirmedSeconds });
        address = theirEmail;
      }
    }
  }
  const logIn = (given: string, secret: string, seconds: number, client = newClient()) =>
    login(database.db, { email: given, password: secret, remember: true }, client, null, later(seconds));
  return {
    userId,
    email,
    authenticator,
    act,
    logIn,
    thief: () => ({ address, password, sessionId }),
  };
}

describe("a thief with a live session and the password, who adds factors, changes the password and the address: in the order", () => {
  /** What the owner's mailbox has received afterwards, oldest first, and a login of the thief that waits for its second step. */
  async function robbed(order: readonly Act[]) {
    const victim = await newVictim();
    const { userId, email, act, logIn } = victim;
    const inbox: ReceivedMail[] = [];
    // Further apart than one mail reports, and in whole seconds: a token has no fractions.
    for (const [index, what] of order.entries()) {
      const seconds = (index + 1) * 70;
      await act(what, seconds, seconds + 5);
      inbox.push(...(await receiveMails(seconds + 5, { to: email })));
    }
    const { address, password, sessionId } = victim.thief();
    const client = newClient();
    const pending = await logIn(address, password, 400, client);
    if (pending.kind !== "second-factor") throw new Error("The login asks for no second factor.");
    const [{ value: challengeToken } = { value: "" }] = pending.cookies;
    const isPending = async (seconds: number) =>
      (await describePendingLogin(database.db, challengeToken, client, later(seconds))) !== null;
    expect(await isPending(401)).toBe(true);

    /** Uses a link, and that of the reset which it starts. */
    async function undo(mail: ReceivedMail, seconds: number, newPassword: string) {
      await perform(mail, { seconds });
      const reset = await receiveMail("reset-password", seconds + 1, { to: email });
      await perform({ token: reset.token, newPassword }, { seconds: seconds + 10 });
      expect((await accountOf(userId)).email).toBe(email);
      expect((await readSession(database.db, sessionId)).revokedReason).toBe("address restored");
      expect(await isPending(401)).toBe(false);
      for (const [given, secret] of [
        [email, password],
        [address, password],
        [address, newPassword],
      ] as const) {
        expect(await reasonOf(logIn(given, secret, seconds + 12))).toBe("INVALID_CREDENTIALS");
      }
    }
    return { ...victim, inbox, undo };
  }

  /** The owner signs in with the new password and the own passkey, which no factor of the thief could replace. */
  async function expectOwned(
    { userId, email, authenticator, logIn }: Awaited<ReturnType<typeof robbed>>,
    secret: string,
  ) {
    expect(await factorNames(database.db, userId)).toEqual({ passkeys: ["own"], recoveryCodes: [], totp: [] });
    const client = newClient();
    const asked = await logIn(email, secret, 814, client);
    if (asked.kind !== "second-factor") throw new Error("The login asks for no second factor.");
    expect(asked.methods).toEqual(["passkey"]);
    const token = asked.cookies[0]!.value;
    const response = authenticator.get(await beginSecondStepAssertion(database.db, token, client, later(815)));
    const step = { method: "passkey", response: { ...response } } as const;
    const { access } = await finishLogin(database.db, step, token, client, null, later(816));
    expect(access).toMatchObject({ user: { id: userId, email }, authenticationMethods: ["pwd", "pop", "user", "mfa"] });
  }

  const CASES = ORDERS.flatMap((order) => {
    const reports = order.slice(0, order.indexOf("address") + 1).flatMap((act) => REPORTS[act]);
    return reports.map((first, index) => [...order, first, { order, reports, index }] as const);
  });

  test.each(CASES)(
    "%s, %s, %s, the owner's mailbox and own passkey get the account back by the links of %s and then of the oldest mail",
    async (...[, , , , { order, reports, index }]) => {
      const victim = await robbed(order);
      const { inbox, undo } = victim;
      expect(inbox.map(({ kind }) => kind)).toEqual(reports);
      const revert = inbox.find(({ kind }) => kind === "email-changed")!;
      expect(revert.text.replace(/\s+/g, " ")).toContain("use the link of the oldest of them, too");
      await undo(inbox[index]!, 600, NEW_PASSWORD);
      if (index > 0) await undo(inbox[0]!, 700, `${NEW_PASSWORD} 2`);
      await expectOwned(victim, index > 0 ? `${NEW_PASSWORD} 2` : NEW_PASSWORD);
      for (const { token, code } of inbox) {
        expect(await reasonOf(perform({ token, code }, { seconds: 820 }))).toBe("LINK_SPENT");
      }
    },
  );

  test("factors, address, password, address, and who uses every link to their own address first: they end none of the owner's", async () => {
    const victim = await robbed(["factors", "address", "password"]);
    const { inbox, act, undo } = victim;
    const { address } = victim.thief();
    await act("address", 420, 425);
    const theirs = await receiveMails(426, { to: address });
    const revert = theirs.find(({ kind }) => kind === "email-changed")!;
    const used: string[] = [];
    // The others work only while the address is the one that they were sent to.
    for (const mail of [revert, ...theirs.filter(({ token }) => token !== "").reverse()]) {
      await perform(mail, { seconds: 430 }).then(
        () => used.push(mail.kind),
        () => {},
      );
    }
    expect(used).toEqual(["email-changed", "email-change-requested", "password-changed"]);
    await undo(
      inbox.find(({ kind }) => kind === "email-changed")!,
      600,
      NEW_PASSWORD,
    );
    await undo(inbox[0]!, 700, `${NEW_PASSWORD} 2`);
    await expectOwned(victim, `${NEW_PASSWORD} 2`);
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

test("'This was not me' restores the address and removes the later factors", async () => {
  const { userId, email, act } = await newVictim();
  await act("address", 10);
  const notice = await receiveMail("email-change-requested", 10, { to: email });
  await act("factors", 20);
  await perform(notice, { seconds: 30 });
  expect(await factorNames(database.db, userId)).toEqual({ passkeys: ["own"], recoveryCodes: [], totp: [] });
});
