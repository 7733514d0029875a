import { describe, expect, test } from "vitest";
import { insertNotice } from "@/db/tables/outgoing-mails";
import { existingFactors, existingPasskey, existingTotp, factorNames, readSession } from "@/db/testing";
import { callerWith, later, NEW_PASSWORD, PASSWORD, reasonOf, refreshTokenIn } from "@/server/auth/db-testing";
import { changePassword } from "@/server/auth/login/change-password";
import { login } from "@/server/auth/login/login";
import { describePendingLogin } from "@/server/auth/login/second-factor";
import { NOTICE_SECONDS } from "@/server/auth/policy/lifetimes";
import { ADA, newClient } from "@/server/auth/testing";
import { newNotice } from "@/server/mail/notices";
import { requestChange } from "./change-email";
import { useMailFlows, type ReceivedMail } from "./testing";

const { database, newSignedIn, accountOf, receiveMail, receiveMails, perform } = useMailFlows();

const THEIR_PASSWORD = "nine purple anchors drift east";
const ACTS = ["factors", "password", "address"] as const;
type Act = (typeof ACTS)[number];

const ORDERS = ACTS.flatMap((first) =>
  ACTS.filter((act) => act !== first).map((second) => {
    const third = ACTS.find((act) => act !== first && act !== second)!;
    return [first, second, third] as const;
  }),
);

/** As every change of factors queues it. */
async function reportFactors(account: { userId: string; email: string }, seconds: number) {
  const notice = newNotice({ kind: "factor-changed", change: "A passkey was added" }, account, ADA, later(seconds));
  await insertNotice(database.db, notice, later(seconds - NOTICE_SECONDS));
}

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

    async function expectRestored() {
      const reset = await receiveMail("reset-password", 601, { to: email });
      await perform({ token: reset.token, newPassword: NEW_PASSWORD }, { seconds: 610 });
      expect((await accountOf(userId)).email).toBe(email);
      expect((await readSession(database.db, sessionId)).revokedReason).toBe("address restored");
      expect(await isPending(611)).toBe(false);
      for (const [given, secret] of [
        [email, password],
        [address, password],
        [address, NEW_PASSWORD],
      ] as const) {
        expect(await reasonOf(logIn(given, secret, 612))).toBe("INVALID_CREDENTIALS");
      }
    }
    return { ...victim, inbox, expectRestored };
  }

  const OLDEST: Record<Act, string> = {
    factors: "factor-changed",
    password: "password-changed",
    address: "email-change-requested",
  };

  // The oldest mail first: its link restores the address as well, and ends the links of the later ones.
  test.each(ORDERS)("%s, %s, %s, the owner's mailbox and own passkey get the account back", async (...order) => {
    const { userId, email, logIn, inbox, expectRestored } = await robbed(order);
    expect(inbox[0]?.kind).toBe(OLDEST[order[0]]);
    await perform(inbox[0]!, { seconds: 600 });
    await expectRestored();
    expect(await factorNames(database.db, userId)).toEqual({ passkeys: ["own"], recoveryCodes: [], totp: [] });
    expect(await logIn(email, NEW_PASSWORD, 613)).toMatchObject({ kind: "second-factor", methods: ["passkey"] });
    for (const { token, code } of inbox.slice(1)) {
      expect(await reasonOf(perform({ token, code }, { seconds: 614 }))).toBe("LINK_SPENT");
    }
  });

  // Used first, it ends the links that would remove earlier ones: its mail says to use that of the oldest message.
  test.each(ORDERS)("%s, %s, %s, the link to the former address alone keeps earlier factors", async (...order) => {
    const { userId, email, logIn, inbox, expectRestored } = await robbed(order);
    const revert = inbox.find(({ kind }) => kind === "email-changed")!;
    expect(revert.text).toMatch(/use the link of the oldest\s+of them instead/);
    await perform(revert, { seconds: 600 });
    await expectRestored();
    const wasEarlier = order.indexOf("factors") < order.indexOf("address");
    const left = wasEarlier ? ["thief"] : [];
    expect(await factorNames(database.db, userId)).toEqual({
      passkeys: ["own", ...left],
      recoveryCodes: left,
      totp: left,
    });
    expect(await logIn(email, NEW_PASSWORD, 613)).toMatchObject({
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

test("'This was not me' restores the address and removes the later factors", async () => {
  const { userId, email, act } = await newVictim();
  await act("address", 10);
  const notice = await receiveMail("email-change-requested", 10, { to: email });
  await act("factors", 20);
  await perform(notice, { seconds: 30 });
  expect(await factorNames(database.db, userId)).toEqual({ passkeys: ["own"], recoveryCodes: [], totp: [] });
});

describe("'This was not me' of an account that keeps its address removes", () => {
  /** What is left after the use of a mail that was queued at 100 s and sent ten minutes later. */
  async function reported(factors: (userId: string) => Promise<unknown>) {
    const { userId, email } = await newSignedIn();
    await factors(userId);
    await reportFactors({ userId, email }, 100);
    await perform(await receiveMail("factor-changed", 700, { to: email }), { seconds: 800 });
    return factorNames(database.db, userId);
  }
  const own = (userId: string) => existingPasskey(database.db, { userId, at: later(-86_400), name: "own" });
  const firstReported = new Date(later(100).getTime() - NOTICE_SECONDS * 1000);

  test("the factors of the minute that its mail reports, and later ones", async () => {
    const left = await reported(async (userId) => {
      await own(userId);
      await existingPasskey(database.db, { userId, at: firstReported, name: "thief" });
      await existingFactors(database.db, { userId, at: later(700), name: "thief" });
    });
    expect(left).toEqual({ passkeys: ["own"], recoveryCodes: [], totp: [] });
  });

  test("no factor that was there a moment before that minute", async () => {
    const at = new Date(firstReported.getTime() - 1);
    const left = await reported((userId) => existingFactors(database.db, { userId, at, name: "earlier" }));
    expect(left).toEqual({ passkeys: ["earlier"], recoveryCodes: ["earlier"], totp: ["earlier"] });
  });

  test.each<[string, (userId: string) => Promise<unknown>]>([
    ["none", async () => {}],
    [
      "recovery codes, and an app that was replaced",
      (userId) => existingFactors(database.db, { userId, at: later(-60), name: "own" }),
    ],
    [
      "an app that waits for its first code",
      (userId) =>
        database.db
          .insertInto("totpSecrets")
          .values({ userId, createdAt: later(-60), pendingSecret: "secret of own", pendingSince: later(-60) })
          .execute(),
    ],
  ])("no second factor of an account whose earlier ones are: %s", async (_, earlier) => {
    const left = await reported(async (userId) => {
      await earlier(userId);
      await database.db.deleteFrom("passkeys").where("userId", "=", userId).execute();
      await existingTotp(database.db, { userId, at: later(100), name: "later" });
      await existingPasskey(database.db, { userId, at: later(100), name: "later" });
    });
    expect(left).toMatchObject({ passkeys: ["later"], totp: ["later"] });
  });
});

describe("a thief who reads the mailbox only and presses every link of every mail", () => {
  const ADD = {
    passkey: existingPasskey,
    totp: existingTotp,
  };
  const CHANGES = [100, 200, 300, 400];
  const CASES = (["passkey", "totp"] as const).flatMap((first) => CHANGES.map((_, start) => [first, start] as const));

  test.each(CASES)("never removes the first factor, a %s, beginning with mail %i", async (first, start) => {
    const { userId, email } = await newSignedIn();
    const mails: ReceivedMail[] = [];
    // Each is reported, the first one too.
    for (const [index, seconds] of CHANGES.entries()) {
      const add = ADD[index === 0 ? first : first === "totp" || index % 2 === 0 ? "passkey" : "totp"];
      await add(database.db, { userId, at: later(seconds), name: index === 0 ? "first" : "later" });
      await reportFactors({ userId, email }, seconds);
      mails.push(...(await receiveMails(seconds, { to: email })));
    }
    expect(mails).toHaveLength(CHANGES.length);

    const pressed: string[] = [];
    const waiting = [...mails.slice(start), ...mails.slice(0, start)];
    // A reset mails a notice, and its link a reset, without an end.
    for (let seconds = 500; pressed.length < 10; seconds += 100) {
      const { token, code, kind } = waiting.shift()!;
      const newPassword = kind === "reset-password" ? { newPassword: `${NEW_PASSWORD} ${seconds}` } : {};
      const outcome = await perform({ token, code, ...newPassword }, { seconds }).then(
        () => "done",
        ({ reason }: { reason: string }) => reason,
      );
      pressed.push(`${kind} ${outcome}`);
      waiting.push(...(await receiveMails(seconds, { to: email })));
      const { passkeys, totp } = await factorNames(database.db, userId);
      expect([...passkeys, ...totp], pressed.join()).toContain("first");
    }
    const times = (what: string) => pressed.filter((one) => one === what).length;
    expect(times("factor-changed done")).toBe(1);
    expect(times("factor-changed LINK_SPENT")).toBe(3);
    expect(times("reset-password done")).toBeGreaterThan(1);
    expect(times("password-changed done")).toBeGreaterThan(1);
  });
});
