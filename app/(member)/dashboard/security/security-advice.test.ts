import { describe, expect, test } from "vitest";
import { decideAdvice, describeLostPhone, type Factors } from "./security-advice";

const ALONE: Factors = { password: true, totp: null, recoveryCodes: null, passkeys: [] };
const APP: Factors = { ...ALONE, totp: { confirmedAt: "2026-11-30T09:00:00.000Z" }, recoveryCodes: { remaining: 10 } };

const PASSKEY: Factors = { ...ALONE, password: false, passkeys: [{}], recoveryCodes: { remaining: 10 } };

const hrefs = (factors: Factors, isEmailUnconfirmed = false, isMailOn = true) =>
  decideAdvice(factors, isEmailUnconfirmed, isMailOn).map(({ link }) => link.href);

describe("advice", () => {
  test("is to set up an app if the password is the only way in, and says nothing of codes", () => {
    expect(hrefs(ALONE)).toEqual(["#authenticator-app"]);
  });

  test.each([4, 10])("is empty with an app and %i codes", (remaining) => {
    expect(hrefs({ ...APP, recoveryCodes: { remaining } })).toEqual([]);
  });

  test.each([0, 1, 3])("is to make new codes with an app and %i codes", (remaining) => {
    expect(hrefs({ ...APP, recoveryCodes: { remaining } })).toEqual(["#recovery-codes"]);
  });

  test("is to make new codes with a passkey and none", () => {
    expect(hrefs({ ...ALONE, passkeys: [{}] })).toEqual(["#recovery-codes"]);
  });

  test("is to set a password without one only where no mail can set it", () => {
    expect(hrefs(PASSKEY)).toEqual([]);
    expect(hrefs(PASSKEY, false, false)).toEqual(["#password"]);
    expect(hrefs({ ...PASSKEY, password: true }, false, false)).toEqual([]);
  });

  test("includes an unconfirmed email, after what concerns signing in", () => {
    expect(hrefs(APP, true)).toEqual(["/verify-email"]);
    expect(hrefs(ALONE, true)).toEqual(["#authenticator-app", "/verify-email"]);
  });
});

describe("a lost phone", () => {
  test("matters little without a second factor", () => {
    expect(describeLostPhone(ALONE, true)[0]).toMatch(/^Sign in on another device with your password\./);
  });

  test("needs a recovery code with an app alone", () => {
    expect(describeLostPhone({ ...APP, recoveryCodes: { remaining: 1 } }, true)[0]).toBe(
      "Sign in on another device with your password and a recovery code: there is 1 left.",
    );
  });

  test("needs a passkey elsewhere or a recovery code with both", () => {
    expect(describeLostPhone({ ...APP, passkeys: [{}] }, true)[0]).toBe(
      "Sign in on another device with a passkey that is not only on the phone, or with your password and a recovery code: there are 10 left.",
    );
  });

  test("without a password, a recovery code needs one that is set by mail, where there is mail", () => {
    const elsewhere = "Sign in on another device with a passkey that is not only on the phone";
    expect(describeLostPhone(PASSKEY, true)[0]).toBe(
      `${elsewhere}, or with a password, which you set by mail first, and a recovery code: there are 10 left.`,
    );
    expect(describeLostPhone(PASSKEY, false)[0]).toBe(`${elsewhere}.`);
  });

  test("locks the user out with an app and no code, and the text says so", () => {
    expect(describeLostPhone({ ...APP, recoveryCodes: { remaining: 0 } }, true)).toEqual([
      expect.stringMatching(/^You could not sign in: .* Make new recovery codes now/),
    ]);
  });

  test("of an account with both ends with the removal of the passkey and a new app", () => {
    expect(describeLostPhone({ ...APP, passkeys: [{}] }, true).slice(2)).toEqual([
      expect.stringMatching(/remove the passkey/),
      expect.stringMatching(/replace the authenticator app/),
    ]);
  });

  test("of an account without an app ends with the removal of the passkey", () => {
    expect(describeLostPhone({ ...ALONE, passkeys: [{}], recoveryCodes: { remaining: 5 } }, true).at(-1)).toMatch(
      /passkey/,
    );
  });
});
