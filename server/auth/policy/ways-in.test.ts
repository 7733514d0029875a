import { describe, expect, test } from "vitest";
import {
  factorsOf,
  hasSecondFactor,
  mayRemove,
  secondFactorMethods,
  stepUpMethods,
  waysIn,
  type AccountWays,
  type Removable,
} from "./ways-in";

/** An account with what `given` names: "password", "totp", "codes", "mail" and passkeys, "other" ones of another domain. */
function account(given: string): AccountWays {
  const has = given.split(" ");
  return {
    hasPassword: has.includes("password"),
    hasTotp: has.includes("totp"),
    recoveryCodes: has.includes("codes") ? 10 : 0,
    passkeys: has.filter((one) => one === "passkey").length,
    otherPasskeys: has.filter((one) => one === "other-passkey").length,
    emailVerified: !has.includes("unconfirmed"),
    isMailOn: has.includes("mail"),
  };
}

const waysOf = (given: string) => waysIn(account(given)).map((way) => way.join(" + "));

describe("ways in: an account with", () => {
  test.each<[string, string[]]>([
    ["nothing", []],
    ["password", ["password"]],
    ["mail", ["mailbox"]],
    ["mail unconfirmed", []],
    ["password mail", ["password", "mailbox"]],
    ["password mail unconfirmed", ["password"]],
    ["passkey", ["passkey"]],
    ["passkey mail", ["passkey", "mailbox + passkey"]],
    ["passkey passkey", ["passkey"]],
    ["password totp", ["password + totp"]],
    ["password totp codes", ["password + totp", "password + recovery-code"]],
    ["password totp mail", ["password + totp", "mailbox + totp"]],
    ["password totp mail unconfirmed", ["password + totp"]],
    ["password passkey", ["passkey", "password + passkey"]],
    ["password passkey codes", ["passkey", "password + passkey", "password + recovery-code"]],
    ["passkey totp codes", ["passkey"]],
    ["totp codes", []],
    ["codes", []],
    ["password other-passkey", []],
    ["password other-passkey codes", ["password + recovery-code"]],
    ["password other-passkey totp", ["password + totp"]],
    ["password other-passkey passkey", ["passkey", "password + passkey"]],
    ["other-passkey mail codes", ["mailbox + recovery-code"]],
    ["other-passkey", []],
  ])("%s has %j", (given, ways) => {
    expect(waysOf(given)).toEqual(ways);
  });
});

describe("removal: of an account with", () => {
  test.each<[string, Removable, boolean]>([
    ["password", "password", false],
    ["password mail", "password", false],
    ["password totp", "totp", true],
    ["password totp codes", "totp", true],
    ["password totp", "password", false],
    ["password totp codes mail", "password", false],
    ["password passkey", "password", true],
    ["password passkey", "passkey", true],
    ["password passkey totp", "passkey", true],
    ["password passkey totp codes", "totp", true],
    ["passkey", "passkey", false],
    ["passkey passkey", "passkey", true],
    ["passkey mail", "passkey", false],
    ["passkey codes", "passkey", false],
    ["passkey totp", "passkey", false],
    ["passkey totp", "totp", true],
    ["passkey totp mail", "passkey", false],
    ["passkey totp codes mail", "passkey", false],
    ["passkey passkey totp mail", "passkey", true],
    ["passkey other-passkey", "passkey", false],
    ["passkey other-passkey", "other-passkey", true],
    ["password passkey other-passkey", "passkey", false],
    ["password passkey other-passkey codes", "passkey", true],
    ["password other-passkey", "other-passkey", true],
    ["password other-passkey codes", "other-passkey", true],
    ["password other-passkey totp", "totp", false],
    ["other-passkey", "other-passkey", false],
  ])("%s, the %s may go: %s", (given, what, may) => {
    expect(mayRemove(account(given), what)).toBe(may);
  });
});

test("the factors of a row count the passkeys of this domain, and those of others apart", () => {
  const row = { passwordHash: "hash", hasTotp: 0, recoveryCodes: 3 };
  const countOf = (passkeyDomains: string | null) => {
    const { passkeys, otherPasskeys } = factorsOf({ ...row, passkeyDomains }, "app.test");
    return [passkeys, otherPasskeys];
  };
  expect(countOf(null)).toEqual([0, 0]);
  expect(countOf('["app.test","old.test","app.test","www.app.test"]')).toEqual([2, 2]);
});

test("a login asks for a second factor wherever the account has one, also if none of its passkeys can be used here", () => {
  expect(hasSecondFactor(account("password other-passkey"))).toBe(true);
  expect(secondFactorMethods(account("password other-passkey"))).toEqual([]);
  expect(secondFactorMethods(account("password other-passkey codes"))).toEqual(["recovery-code"]);
});

test("recovery codes are never the only second factor that a login asks for, where all passkeys are of this domain", () => {
  for (const given of ["password codes", "mail codes", "password totp codes", "password passkey codes"]) {
    const methods = secondFactorMethods(account(given));
    expect(methods.length === 0 || methods.some((method) => method !== "recovery-code"), given).toBe(true);
  }
});

describe("step-up: an account with", () => {
  test.each<[string, string[], string[]]>([
    ["password", ["password"], ["password"]],
    ["password codes", ["password"], ["password"]],
    ["password totp", ["password", "totp"], ["totp"]],
    ["password totp codes", ["password", "totp", "recovery-code"], ["totp", "recovery-code"]],
    ["password passkey", ["password", "passkey"], ["passkey"]],
    ["passkey totp", ["passkey", "totp"], ["passkey", "totp"]],
    ["mail", [], []],
    ["password other-passkey codes", ["password", "recovery-code"], ["recovery-code"]],
    ["password other-passkey", ["password"], []],
  ])("%s is asked for one of %j, and for one of %j where the rule is strong", (given, any, strong) => {
    expect([stepUpMethods(account(given), "any"), stepUpMethods(account(given), "strong")]).toEqual([any, strong]);
  });
});
