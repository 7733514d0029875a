import { describe, expect, test } from "vitest";
import { mayRemove, secondFactorMethods, stepUpMethods, waysIn, type AccountWays, type Removable } from "./ways-in";

/** An account with what `given` names: "password", "totp", "codes", "mail" and passkeys. */
function account(given: string): AccountWays {
  const has = given.split(" ");
  return {
    hasPassword: has.includes("password"),
    hasTotp: has.includes("totp"),
    recoveryCodes: has.includes("codes") ? 10 : 0,
    passkeys: has.filter((one) => one === "passkey").length,
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
  ])("%s, the %s may go: %s", (given, what, may) => {
    expect(mayRemove(account(given), what)).toBe(may);
  });
});

test("recovery codes are never the only second factor that a login asks for", () => {
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
  ])("%s is asked for one of %j, and for one of %j where the rule is strong", (given, any, strong) => {
    expect([stepUpMethods(account(given), "any"), stepUpMethods(account(given), "strong")]).toEqual([any, strong]);
  });
});
