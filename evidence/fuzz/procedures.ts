import type { NameValue } from "./fuzz-request";

/** Field names and their values as JSON text. Null: the procedure takes no input. */
export type Fields = readonly NameValue[];

interface Procedure {
  name: string;
  isMutation: boolean;
  /** Relative frequency; low for procedures that hash a password, which are slow. */
  weight: number;
  input: Fields | null;
}

/** The JSON form of a WebAuthn response, of no authenticator. */
const CREDENTIAL = JSON.stringify({
  id: "AAAA",
  rawId: "AAAA",
  type: "public-key",
  clientExtensionResults: {},
  response: { clientDataJSON: "e30", attestationObject: "oA", authenticatorData: "AAAA", signature: "AAAA" },
});

/** Every procedure with a valid input. */
export const PROCEDURES: readonly Procedure[] = [
  { name: "auth.session", isMutation: false, weight: 12, input: null },
  { name: "users.me", isMutation: false, weight: 12, input: null },
  { name: "sessions.list", isMutation: false, weight: 12, input: null },
  { name: "users.update", isMutation: true, weight: 24, input: [["fullName", '"Grace Moat"']] },
  { name: "sessions.revoke", isMutation: true, weight: 12, input: [["id", '"{{session}}"']] },
  { name: "sessions.revoke", isMutation: true, weight: 8, input: [["id", '"{{bystander.session}}"']] },
  { name: "sessions.revokeOthers", isMutation: true, weight: 8, input: null },
  { name: "auth.refresh", isMutation: true, weight: 16, input: null },
  { name: "auth.logout", isMutation: true, weight: 8, input: null },
  { name: "auth.accessToken", isMutation: true, weight: 6, input: [["audience", '"{{origin}}"']] },
  { name: "auth.logoutAll", isMutation: true, weight: 2, input: null },
  {
    name: "auth.login",
    isMutation: true,
    weight: 3,
    input: [
      ["email", '"{{email}}"'],
      ["password", '"{{password}}"'],
      ["remember", "true"],
    ],
  },
  {
    name: "auth.login",
    isMutation: true,
    weight: 1,
    input: [
      ["email", '"{{bystander.email}}"'],
      ["password", '"{{typed}}"'],
    ],
  },
  {
    name: "auth.register",
    isMutation: true,
    weight: 3,
    input: [
      ["fullName", '"Maud Drawbridge"'],
      ["email", '"{{newEmail}}"'],
      ["password", '"{{password}}"'],
    ],
  },
  { name: "account.export", isMutation: true, weight: 2, input: null },
  // Not the account's own address: its deletion would end the run.
  { name: "account.requestDeletion", isMutation: true, weight: 2, input: [["email", '"{{newEmail}}"']] },
  {
    name: "auth.stepUp",
    isMutation: true,
    weight: 2,
    input: [
      ["method", '"password"'],
      ["password", '"{{password}}"'],
    ],
  },
  {
    name: "auth.secondFactor",
    isMutation: true,
    weight: 2,
    input: [
      ["method", '"totp"'],
      ["code", '"123456"'],
    ],
  },
  {
    name: "auth.secondFactor",
    isMutation: true,
    weight: 2,
    input: [
      ["method", '"passkey"'],
      ["response", CREDENTIAL],
    ],
  },
  { name: "auth.beginPasskeyLogin", isMutation: true, weight: 3, input: null },
  { name: "auth.finishPasskeyLogin", isMutation: true, weight: 3, input: [["response", CREDENTIAL]] },
  {
    name: "auth.beginPasskeyRegistration",
    isMutation: true,
    weight: 2,
    input: [
      ["fullName", '"Maud Drawbridge"'],
      ["email", '"{{newEmail}}"'],
    ],
  },
  {
    name: "auth.finishPasskeyRegistration",
    isMutation: true,
    weight: 2,
    input: [
      ["fullName", '"Maud Drawbridge"'],
      ["email", '"{{newEmail}}"'],
      ["response", CREDENTIAL],
    ],
  },
  { name: "auth.beginPasskeyAssertion", isMutation: true, weight: 3, input: null },
  { name: "factors.list", isMutation: false, weight: 4, input: null },
  { name: "totp.begin", isMutation: true, weight: 3, input: null },
  { name: "totp.confirm", isMutation: true, weight: 3, input: [["code", '"123456"']] },
  { name: "totp.remove", isMutation: true, weight: 2, input: null },
  { name: "recoveryCodes.renew", isMutation: true, weight: 1, input: null },
  { name: "passkeys.beginRegistration", isMutation: true, weight: 3, input: null },
  {
    name: "passkeys.finishRegistration",
    isMutation: true,
    weight: 3,
    input: [
      ["response", CREDENTIAL],
      ["name", '"Key"'],
    ],
  },
  {
    name: "passkeys.rename",
    isMutation: true,
    weight: 2,
    input: [
      ["id", '"{{session}}"'],
      ["name", '"Key"'],
    ],
  },
  { name: "passkeys.remove", isMutation: true, weight: 2, input: [["id", '"{{session}}"']] },
  { name: "password.requestReset", isMutation: true, weight: 4, input: [["email", '"{{email}}"']] },
  { name: "password.requestReset", isMutation: true, weight: 2, input: [["email", '"{{newEmail}}"']] },
  { name: "email.requestVerification", isMutation: true, weight: 4, input: null },
  { name: "email.requestChange", isMutation: true, weight: 4, input: [["email", '"{{newEmail}}"']] },
  { name: "confirm.describe", isMutation: true, weight: 6, input: [["token", `"${"A".repeat(64)}"`]] },
  {
    name: "confirm.perform",
    isMutation: true,
    weight: 3,
    input: [
      ["token", `"${"A".repeat(64)}"`],
      ["newPassword", '"{{typed}} and 9 herons"'],
    ],
  },
  {
    name: "confirm.perform",
    isMutation: true,
    weight: 3,
    input: [
      ["email", '"{{email}}"'],
      ["code", '"ABCD-EFGH"'],
      ["newPassword", '"{{typed}} and 9 herons"'],
    ],
  },
  {
    name: "users.changePassword",
    isMutation: true,
    weight: 2,
    input: [
      ["currentPassword", '"{{password}}"'],
      ["newPassword", '"{{typed}} and 9 herons"'],
    ],
  },
  { name: "users.setPassword", isMutation: true, weight: 2, input: [["newPassword", '"{{typed}} and 9 herons"']] },
];

/** Serializes an input; duplicate fields are kept. */
export function serializeInput(fields: Fields): string {
  return `{${fields.map(([name, value]) => `${JSON.stringify(name)}:${value}`).join(",")}}`;
}
