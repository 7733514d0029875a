import { expect, test } from "vitest";
import { authenticationValues, isStrong, type AuthenticationMethod } from "./authentication-methods";

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
