import { expect, test } from "vitest";
import { addAuthentication, authenticationValues, isStrong, type AuthenticationMethod } from "./authentication-methods";

test.each<[AuthenticationMethod[], string[], boolean]>([
  [["password"], ["pwd"], false],
  [["password", "totp"], ["pwd", "otp", "mfa"], true],
  [["password", "recovery-code"], ["pwd", "otp", "mfa"], true],
  [["password", "passkey"], ["pwd", "pop", "user", "mfa"], true],
  [["passkey"], ["pop", "user", "mfa"], true],
  [["totp"], ["otp"], true],
  [[], [], false],
])("authentication by %j has the amr values %j; strong: %s", (methods, values, strong) => {
  expect(authenticationValues(methods)).toEqual(values);
  expect(isStrong(values)).toBe(strong);
  expect(values.join(" ").length).toBeLessThanOrEqual(40);
});

test.each<[string[], AuthenticationMethod, string[]]>([
  [["pwd"], "totp", ["pwd", "otp", "mfa"]],
  [["pwd"], "passkey", ["pwd", "pop", "user", "mfa"]],
  [["otp"], "totp", ["otp"]],
  [["pop", "user", "mfa"], "totp", ["pop", "user", "mfa", "otp"]],
  [["pwd", "otp", "mfa"], "passkey", ["pwd", "otp", "mfa", "pop", "user"]],
])("a session with the amr values %j whose user adds %s has %j", (values, method, expected) => {
  expect(addAuthentication(values, method)).toEqual(expected);
  expect(expected.join(" ").length).toBeLessThanOrEqual(40);
});
