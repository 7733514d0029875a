import { describe, expect, test } from "vitest";
import { countStatements, later, reasonOf, T0 } from "@/server/auth/db-testing";
import { stepUp } from "@/server/auth/gate/step-up";
import { hitCounter } from "@/server/auth/rate-limits/hit-counter";
import { ADA } from "@/server/auth/testing";
import { beginTotp, confirmTotp, removeTotp } from "./enrol-totp";
import { listFactors } from "./list-factors";
import { outcomeOf, useSecondFactors } from "./testing";
import { totpCode } from "./totp";
import { encryptTotpSecret } from "./totp-secret";

const { database, presentStep, enrolled, begin, finish } = useSecondFactors();

describe("second step of a login", () => {
  test("opens a session only with a right code, and leaves no session before", async () => {
    const { email, secret, own, caller } = await enrolled();
    const step = await begin(email);
    expect(step.pending.cookies.map(({ name }) => name)).toEqual(["__chl"]);
    expect(await outcomeOf(finish(step, "totp", "000000"))).toBe("SECOND_FACTOR_WRONG");
    const open = () => database.db.selectFrom("sessions").select("id").where("userId", "=", own.userId).execute();
    expect(await open()).toHaveLength(1);
    expect(await outcomeOf(finish(step, "totp", totpCode(secret, await presentStep())))).toBe("signed in");
    expect(await open()).toHaveLength(2);
    expect(await listFactors(database.db, caller, later(30))).toMatchObject({ recoveryCodes: { remaining: 10 } });
  });

  test("costs five statements with a code of an app, and one more for the mail about a used recovery code", async () => {
    const { email, secret, recoveryCodes } = await enrolled();
    const costOf = async (method: "totp" | "recovery-code", code: string) => {
      const step = await begin(email, ADA);
      return countStatements(database.url, (db) => finish(step, method, code, { db }));
    };
    expect(await costOf("totp", totpCode(secret, await presentStep()))).toBeLessThanOrEqual(5);
    expect(await costOf("recovery-code", recoveryCodes[0]!)).toBeLessThanOrEqual(6);
  });

  test("costs as many in a step-up", async () => {
    const { caller, secret, recoveryCodes } = await enrolled();
    const costOf = (method: "totp" | "recovery-code", code: string) =>
      countStatements(database.url, (db) =>
        stepUp(db, caller, { method, code }, ADA, later(20)).finally(() => hitCounter(db).flush()),
      );
    expect(await costOf("totp", totpCode(secret, await presentStep()))).toBeLessThanOrEqual(5);
    expect(await costOf("recovery-code", recoveryCodes[0]!)).toBeLessThanOrEqual(6);
  });

  test("after five wrong codes every code is refused, and the owner gets one mail", async () => {
    const { email, secret } = await enrolled();
    const step = await begin(email);
    for (let count = 0; count < 5; count++) {
      expect(await reasonOf(finish(step, "totp", "000000"))).toBe("SECOND_FACTOR_WRONG");
    }
    const code = totpCode(secret, await presentStep());
    for (let count = 0; count < 2; count++) expect(await reasonOf(finish(step, "totp", code))).toBe("RATE_LIMITED");
    const mails = database.db.selectFrom("outgoingMails").select("id").where("recipient", "=", email);
    expect(await mails.where("kind", "=", "second-factor-guessed").execute()).toHaveLength(1);
  });

  test("costs the same statements for a wrong code whether or not the account has an app", async () => {
    const { email, own } = await enrolled();
    const costOf = async () => {
      const step = await begin(email);
      return countStatements(database.url, (db) => finish(step, "totp", "000000", { db }).catch(() => {}));
    };
    const withApp = await costOf();
    const step = await begin(email);
    await database.db.deleteFrom("totpSecrets").where("userId", "=", own.userId).execute();
    expect(await countStatements(database.url, (db) => finish(step, "totp", "000000", { db }).catch(() => {}))).toBe(
      withApp,
    );
  });
});

test("a wrong recovery code costs the same statements whether or not the account has one, and whatever is wrong", async () => {
  const { email, userId } = await enrolled();
  const costOf = async (code: string) => {
    const step = await begin(email);
    return countStatements(database.url, (db) => finish(step, "recovery-code", code, { db }).catch(() => {}));
  };
  const withCodes = await costOf("1-0000-0000-0000-0000");
  expect([await costOf("not a code"), await costOf("10")]).toEqual([withCodes, withCodes]);
  await database.db.deleteFrom("recoveryCodes").where("userId", "=", userId).execute();
  expect(await costOf("1-0000-0000-0000-0000")).toBe(withCodes);
});

describe("a code", () => {
  test("is refused a second time, and is read in full-width digits", async () => {
    const { email, secret } = await enrolled();
    const code = totpCode(secret, await presentStep());
    const wide = [...code].map((digit) => String.fromCodePoint(0xff10 + Number(digit))).join(" ");
    expect(await outcomeOf(finish(await begin(email), "totp", wide))).toBe("signed in");
    expect(await outcomeOf(finish(await begin(email), "totp", code))).toBe("SECOND_FACTOR_WRONG");
  });

  test("of another account is refused", async () => {
    const [one, other] = [await enrolled(), await enrolled()];
    const step = await begin(one.email);
    expect(await outcomeOf(finish(step, "totp", totpCode(other.secret, await presentStep())))).toBe(
      "SECOND_FACTOR_WRONG",
    );
    expect(await outcomeOf(finish(step, "recovery-code", other.recoveryCodes[0]!))).toBe("SECOND_FACTOR_WRONG");
  });

  test("is refused if the secret cannot be decrypted, and recovery codes still work", async () => {
    const { email, secret, own, recoveryCodes } = await enrolled();
    const stored = encryptTotpSecret("another account", secret);
    await database.db.updateTable("totpSecrets").set({ secret: stored }).where("userId", "=", own.userId).execute();
    const step = await begin(email);
    expect(await outcomeOf(finish(step, "totp", totpCode(secret, await presentStep())))).toBe("SECOND_FACTOR_WRONG");
    expect(await outcomeOf(finish(step, "recovery-code", recoveryCodes[9]!))).toBe("signed in");
  });

  test("that is the last recovery code gives a new set, of which a code works", async () => {
    const { email, own, recoveryCodes } = await enrolled();
    const others = database.db.updateTable("recoveryCodes").set({ usedAt: T0 }).where("userId", "=", own.userId);
    await others.where("number", "<>", 4).execute();
    const finished = await finish(await begin(email), "recovery-code", recoveryCodes[3]!);
    expect(finished.recoveryCodes).toHaveLength(10);
    const next = await begin(email);
    expect(await outcomeOf(finish(next, "recovery-code", recoveryCodes[3]!))).toBe("SECOND_FACTOR_WRONG");
    expect(await outcomeOf(finish(next, "recovery-code", finished.recoveryCodes![0]!))).toBe("signed in");
  });

  test("that is wrong in a second enrolment leaves the app that works", async () => {
    const { email, caller, secret } = await enrolled();
    await beginTotp(database.db, caller, later(5));
    expect(await reasonOf(confirmTotp(database.db, caller, "000000", ADA, later(6)))).toBe("SECOND_FACTOR_WRONG");
    expect(await outcomeOf(finish(await begin(email), "totp", totpCode(secret, await presentStep())))).toBe(
      "signed in",
    );
  });
});

test("the removal of the app removes the recovery codes, too", async () => {
  const { caller } = await enrolled();
  await removeTotp(database.db, caller, ADA, later(10));
  expect(await listFactors(database.db, caller, later(10))).toEqual({
    password: true,
    totp: null,
    recoveryCodes: null,
    passkeys: [],
  });
});
