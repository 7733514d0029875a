import { describe, expect, test } from "vitest";
import { existingFactors, existingPasskey, existingTotp, factorNames } from "@/db/testing";
import { later, NEW_PASSWORD } from "@/server/auth/db-testing";
import { NOTICE_SECONDS } from "@/server/auth/policy/lifetimes";
import { useMailFlows, type ReceivedMail } from "./testing";

const { database, newSignedIn, receiveMail, receiveMails, perform, reportFactors } = useMailFlows();

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

  test("all factors but the first, if that is later, too", async () => {
    const left = await reported(async (userId) => {
      await existingPasskey(database.db, { userId, at: later(100), name: "first" });
      await existingFactors(database.db, { userId, at: later(101), name: "later" });
    });
    expect(left).toEqual({ passkeys: ["first"], recoveryCodes: [], totp: [] });
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
    // The first one ends those of later changes, and the oldest then the others.
    expect(times("factor-changed done")).toBe(start === 0 ? 1 : 2);
    expect(times("factor-changed LINK_SPENT")).toBe(start === 0 ? 3 : 2);
    expect(times("reset-password done")).toBeGreaterThan(1);
    expect(times("password-changed done")).toBeGreaterThan(1);
  });
});
