import { createTRPCClient } from "@trpc/client";
import { initTRPC, type inferRouterInputs } from "@trpc/server";
import fc from "fast-check";
import { describe, expect, expectTypeOf, test } from "vitest";
import * as inputs from "./inputs";

const { changePasswordInput, fieldErrors, loginInput, noInput, registerInput, revokeInput, stepUpInput, updateInput } =
  inputs;
const { secondFactorInput, totpCodeInput, setPasswordInput } = inputs;
const { beginPasskeyRegistrationInput, finishPasskeyRegistrationInput } = inputs;

const ID = "0192f0c1-2345-7abc-8def-0123456789ab";
const LOGIN = { email: "ada@example.com", password: "correct horse" };
const REGISTER = { ...LOGIN, fullName: "Ada Lovelace" };
const CHANGE = { currentPassword: "correct horse", newPassword: "battery staple" };

const SCHEMAS = {
  ...{ registerInput, loginInput, updateInput, changePasswordInput, revokeInput, stepUpInput },
  ...{ secondFactorInput, totpCodeInput, setPasswordInput },
  ...{ beginPasskeyRegistrationInput, finishPasskeyRegistrationInput },
};
type Name = keyof typeof SCHEMAS;

const errorsOf = (name: Name, input: unknown) => {
  const { error } = SCHEMAS[name].safeParse(input);
  return error && fieldErrors(error);
};

describe("valid input", () => {
  test("is normalized, and `remember` defaults to true", () => {
    expect(registerInput.parse({ ...REGISTER, email: " ADA@Example.com", fullName: " Ada  Lovelace" })).toEqual({
      ...REGISTER,
      remember: true,
    });
    expect(loginInput.parse({ ...LOGIN, remember: false }).remember).toBe(false);
    expect(loginInput.parse({ ...LOGIN, remember: undefined }).remember).toBe(true);
    expect(updateInput.parse({ fullName: " Ada " })).toEqual({ fullName: "Ada" });
    expect(revokeInput.parse({ id: ID })).toEqual({ id: ID });
  });

  test("passwords are passed on unchanged, including blanks", () => {
    for (const password of [" correct horse ", "e\u0301 and \ufb01", "x", "\0", "😀".repeat(128)]) {
      expect(loginInput.parse({ ...LOGIN, password }).password).toBe(password);
      expect(changePasswordInput.parse({ ...CHANGE, newPassword: password }).newPassword).toBe(password);
    }
  });
});

describe("the name of a passkey", () => {
  const { renamePasskeyInput, finishRegistrationInput } = inputs;

  test("is trimmed, and has at most 100 characters", () => {
    expect(renamePasskeyInput.parse({ id: ID, name: "  My  phone " })).toEqual({ id: ID, name: "My phone" });
    expect(renamePasskeyInput.parse({ id: ID, name: "🔑".repeat(100) }).name).toHaveLength(200);
    expect(finishRegistrationInput.parse({ response: {} })).toEqual({ response: {} });
  });

  test.each(["", "   ", "\u200d", "a\u202eb", "a\0b", "a".repeat(101), "🔑".repeat(101), 7, null])(
    "%j is refused",
    (name) => {
      expect(renamePasskeyInput.safeParse({ id: ID, name }).success).toBe(false);
      expect(finishRegistrationInput.safeParse({ response: {}, name }).success).toBe(false);
    },
  );
});

describe("invalid input is refused with a message at its field", () => {
  const WRONG_TEXTS: unknown[] = [undefined, null, "", 7, 0, NaN, true, {}, [], ["x"], { $ne: "" }, { toString: "x" }];

  test.each([
    ["correct horse", "correct horse"],
    ["correct horse", "ｃｏｒｒｅｃｔ horse"],
    ["caf\u00e9 latte", "cafe\u0301 latte"],
  ])("a new password that equals the current one: %s, %s", (currentPassword, newPassword) => {
    const message = "The new password must be different from the current one.";
    expect(errorsOf("changePasswordInput", { currentPassword, newPassword })).toEqual({ newPassword: message });
    expect(errorsOf("changePasswordInput", { currentPassword, newPassword: `${newPassword} ` })).toBeUndefined();
  });

  const MISSING = {
    fullName: "Enter your name.",
    email: "Enter your email address.",
    password: "Enter your password.",
    currentPassword: "Enter your current password.",
    newPassword: "Choose a password.",
    id: "That is not a session.",
  };

  test.each<[Name, Record<string, string>]>([
    ["registerInput", { fullName: MISSING.fullName, email: MISSING.email, password: "Choose a password." }],
    ["loginInput", { email: MISSING.email, password: MISSING.password }],
    ["updateInput", { fullName: MISSING.fullName }],
    ["changePasswordInput", { currentPassword: MISSING.currentPassword, newPassword: MISSING.newPassword }],
    ["setPasswordInput", { newPassword: MISSING.newPassword }],
    ["beginPasskeyRegistrationInput", { fullName: MISSING.fullName, email: MISSING.email }],
    ["revokeInput", { id: MISSING.id }],
    ["totpCodeInput", { code: "Type the code." }],
  ])("%s: every field that is missing, empty or of another type", (name, expected) => {
    expect(errorsOf(name, {})).toEqual(expected);
    for (const wrong of WRONG_TEXTS) {
      const input = Object.fromEntries(Object.keys(expected).map((field) => [field, wrong]));
      expect(errorsOf(name, input)).toEqual(expected);
    }
  });

  // The method decides which other fields there are.
  test.each<[Name, string, Record<string, string>]>([
    ["stepUpInput", "password", { password: MISSING.password }],
    ["stepUpInput", "totp", { code: "Type the code." }],
    ["stepUpInput", "recovery-code", { code: "Type the code." }],
    ["secondFactorInput", "totp", { code: "Type the code." }],
    ["secondFactorInput", "recovery-code", { code: "Type the code." }],
  ])("%s: every field of the method %s that is missing, empty or of another type", (name, method, expected) => {
    expect(errorsOf(name, { method })).toEqual(expected);
    for (const wrong of WRONG_TEXTS) {
      const input = Object.fromEntries(Object.keys(expected).map((field) => [field, wrong]));
      expect(errorsOf(name, { ...input, method })).toEqual(expected);
      expect(errorsOf(name, { ...input, method: wrong })).toEqual({ method: "That method is not available." });
    }
  });

  test("a second step with the password, and a code that is too long", () => {
    expect(errorsOf("secondFactorInput", { method: "password", password: "x" })).toEqual({
      method: "That method is not available.",
    });
    for (const name of ["stepUpInput", "secondFactorInput"] as const) {
      expect(errorsOf(name, { method: "totp", code: "1".repeat(65) })).toEqual({
        code: "That is too long for a code.",
      });
    }
  });

  test.each<[Name, Record<string, unknown>]>([
    ["registerInput", REGISTER],
    ["loginInput", LOGIN],
    ["updateInput", { fullName: "Ada" }],
    ["changePasswordInput", CHANGE],
    ["setPasswordInput", { newPassword: "battery staple" }],
    ["finishPasskeyRegistrationInput", { fullName: "Ada", email: "ada@example.test", response: {} }],
    ["revokeInput", { id: ID }],
    ["stepUpInput", { method: "password", password: "correct horse" }],
    ["secondFactorInput", { method: "totp", code: "123456" }],
    ["totpCodeInput", { code: "123456" }],
  ])("%s: an unknown key", (name, input) => {
    for (const key of ["role", "isAdmin", "id_", "constructor", "__proto__", ""]) {
      const withKey = JSON.parse(`${JSON.stringify(input).slice(0, -1)}, ${JSON.stringify(key)}: "admin"}`) as unknown;
      expect(Object.entries(errorsOf(name, withKey) ?? {})).toEqual([[key, "There is no such field."]]);
    }
  });

  test.each(Object.keys(SCHEMAS) as Name[])("%s: anything but an object", (name) => {
    for (const input of [undefined, null, "", "x", 7, true, [], [LOGIN], () => LOGIN]) {
      const { error } = SCHEMAS[name].safeParse(input);
      expect(error?.issues.map((issue) => issue.message)).toEqual(["Send the fields as one object."]);
      expect(error && fieldErrors(error)).toEqual({});
    }
  });

  test.each([null, 1, 0, "true", "on", "", {}, []])("remember: %j, which is not a boolean", (remember) => {
    expect(errorsOf("loginInput", { ...LOGIN, remember })).toEqual({ remember: "Must be true or false." });
  });

  const TOO_LONG = "A password has at most 128 characters.";
  const BROKEN = "That password contains a broken character.";
  test.each([
    ["129 letters", "x".repeat(129), TOO_LONG],
    ["a ligature of 18 letters, eight times", "\ufdfa".repeat(8), TOO_LONG],
    ["a megabyte", "x".repeat(1_000_000), TOO_LONG],
    ["a lone surrogate", "correct \ud800 horse", BROKEN],
    ["a megabyte of lone surrogates", "\udfff".repeat(1_000_000), BROKEN],
  ])("a password to be verified: %s", (_, password, message) => {
    expect(errorsOf("loginInput", { ...LOGIN, password })).toEqual({ password: message });
    expect(errorsOf("changePasswordInput", { ...CHANGE, currentPassword: password })).toEqual({
      currentPassword: message,
    });
  });

  test("a new password that is too long to be estimated", () => {
    const password = "x".repeat(1025);
    expect(errorsOf("registerInput", { ...REGISTER, password })).toEqual({ password: TOO_LONG });
    expect(errorsOf("changePasswordInput", { ...CHANGE, newPassword: password })).toEqual({ newPassword: TOO_LONG });
  });

  test.each(["1", "me", ID.slice(1), `${ID} `, `{${ID}}`, ID.replaceAll("-", ""), "../../users", "%"])(
    "the session id %j",
    (id) => {
      expect(errorsOf("revokeInput", { id })).toEqual({ id: MISSING.id });
    },
  );

  test("with a bounded number of bounded messages, however many and long keys a client sends", () => {
    const many = Object.fromEntries(Array.from({ length: 5000 }, (_, i) => [`${i}${"k".repeat(100)}`, 1]));
    const named = Object.keys(errorsOf("loginInput", { ...LOGIN, ...many }) ?? {});
    expect(named).toHaveLength(10);
    for (const name of named) expect(name.length).toBeLessThanOrEqual(64);
  });

  test("without an exception and without messages of the library, for any input", () => {
    const ownMessages = /^(Enter|Choose|Use|That|There|Must|Send|Type|A password)/;
    const keys = fc.constantFrom(
      "email",
      "password",
      "fullName",
      "remember",
      "id",
      "currentPassword",
      "x",
      "__proto__",
    );
    const input = fc.oneof(
      fc.jsonValue(),
      fc.dictionary(keys, fc.oneof(fc.string({ unit: "binary" }), fc.jsonValue(), fc.constantFrom("a@b", "a@b_c"))),
    );
    fc.assert(
      fc.property(fc.constantFrom(...(Object.keys(SCHEMAS) as Name[])), input, (name, sent) => {
        for (const issue of SCHEMAS[name].safeParse(sent).error?.issues ?? [])
          expect(issue.message).toMatch(ownMessages);
      }),
      { numRuns: 200 },
    );
  }, 60_000);
});

describe("noInput", () => {
  test.each([[undefined], [null], [{}]])("accepts %j", (input) => {
    expect(noInput.safeParse(input).success).toBe(true);
  });

  test.each([0, "", false, "x", [], [1], { id: ID }, { userId: "x" }, { ["__proto__x"]: 1 }])("rejects %j", (input) => {
    expect(noInput.safeParse(input).error?.issues[0]?.message).toBe("Send nothing here.");
  });

  test("lets callers omit the argument", () => {
    const t = initTRPC.create();
    const router = t.router({
      logout: t.procedure.input(noInput).mutation(() => true),
      me: t.procedure.input(noInput).query(() => true),
    });
    expectTypeOf<inferRouterInputs<typeof router>["logout"]>().toEqualTypeOf<void>();
    const client = createTRPCClient<typeof router>({ links: [] });
    expectTypeOf(client.logout.mutate).toBeCallableWith();
    expectTypeOf(client.me.query).toBeCallableWith();
  });
});

test("callers may omit fields with a default, and no others", () => {
  type Inputs = { [N in Name]: (typeof SCHEMAS)[N]["_input"] };
  expectTypeOf<Inputs["loginInput"]>().toEqualTypeOf<{
    email: string;
    password: string;
    remember?: boolean | undefined;
  }>();
  expectTypeOf<inputs.LoginInput>().toEqualTypeOf<{ email: string; password: string; remember: boolean }>();
});
