import "server-only";
import { z } from "zod";
import { emailAddress, loginEmailAddress } from "./email-address";
import { fullName, passkeyName } from "./full-name";
import {
  isSamePassword,
  judgePasswordForm,
  PASSWORD_MAX_LENGTH,
  PASSWORD_MAX_SENT_LENGTH,
  SAME_PASSWORD_MESSAGE,
} from "@/server/auth/policy/password-rules";

/** Unknown keys are refused: dropping them would hide a mistake of the caller. */
const strictFields = <Shape extends z.ZodRawShape>(shape: Shape) =>
  z.strictObject(shape, {
    error: (issue) =>
      issue.code === "unrecognized_keys" ? "There is no such field." : "Send the fields as one object.",
  });

const TOO_LONG = `A password has at most ${PASSWORD_MAX_LENGTH} characters.`;

/** A password to be verified. It may be shorter than the current minimum, which may have been raised since. */
const existingPassword = (missing: string) =>
  z
    .string({ error: missing })
    .min(1, { error: missing })
    .refine((password) => judgePasswordForm(password, 0).kind === "good", {
      error: (issue) => (String(issue.input).isWellFormed() ? TOO_LONG : "That password contains a broken character."),
    });

/** A new password. Only its length is checked here, to bound the work of `judgePassword`. */
const newPassword = z
  .string({ error: "Choose a password." })
  .min(1, { error: "Choose a password." })
  .max(PASSWORD_MAX_SENT_LENGTH, { error: TOO_LONG });

/** True by default: closing the browser logs a user out only if they chose so. */
const remember = z.boolean({ error: "Must be true or false." }).default(true);

/** The JSON form of a WebAuthn response. Its fields are checked by the verification, which also bounds their length. */
export const passkeyResponse = z.custom<Record<string, unknown>>(
  (value) => typeof value === "object" && value !== null && !Array.isArray(value),
  { error: "Send the response of the authenticator." },
);

export const registerInput = strictFields({ fullName, email: emailAddress, password: newPassword, remember });
export const beginPasskeyRegistrationInput = strictFields({ fullName, email: emailAddress });
export const finishPasskeyRegistrationInput = strictFields({
  fullName,
  email: emailAddress,
  response: passkeyResponse,
  remember,
});
export const loginInput = strictFields({
  email: loginEmailAddress,
  password: existingPassword("Enter your password."),
  remember,
}).transform(({ email, ...others }) => ({ ...others, ...email }));
export const updateInput = strictFields({ fullName });
/** Compares two values of the caller, before verification: that reveals nothing and costs no hash. */
export const changePasswordInput = strictFields({
  currentPassword: existingPassword("Enter your current password."),
  newPassword,
}).refine(({ currentPassword, newPassword }) => !isSamePassword(currentPassword, newPassword), {
  path: ["newPassword"],
  error: SAME_PASSWORD_MESSAGE,
});
export const setPasswordInput = strictFields({ newPassword });
/** A code of an authenticator app or a recovery code. As typed: each method normalizes its own. */
const typedCode = z
  .string({ error: "Type the code." })
  .max(64, { error: "That is too long for a code." })
  .refine((code) => code.trim() !== "", { error: "Type the code." });
export const totpCodeInput = strictFields({ code: typedCode });
/** As `strictFields` for anything but an object. */
const NO_METHOD = {
  error: ({ input }: { input?: unknown }) =>
    typeof input !== "object" || input === null || Array.isArray(input)
      ? "Send the fields as one object."
      : "That method is not available.",
};
const secondFactors = [
  strictFields({ method: z.literal("totp"), code: typedCode }),
  strictFields({ method: z.literal("recovery-code"), code: typedCode }),
  strictFields({ method: z.literal("passkey"), response: passkeyResponse }),
] as const;
export const secondFactorInput = z.discriminatedUnion("method", secondFactors, NO_METHOD);
export const stepUpInput = z.discriminatedUnion(
  "method",
  [
    strictFields({ method: z.literal("password"), password: existingPassword("Enter your password.") }),
    ...secondFactors,
  ],
  NO_METHOD,
);
export const finishPasskeyLoginInput = strictFields({ response: passkeyResponse, remember });
export const finishRegistrationInput = strictFields({ response: passkeyResponse, name: passkeyName.optional() });
const passkeyId = z.uuid({ error: "That is not a passkey." });
export const renamePasskeyInput = strictFields({ id: passkeyId, name: passkeyName });
export const removePasskeyInput = strictFields({ id: passkeyId });
export const requestResetInput = strictFields({ email: loginEmailAddress });
export const requestChangeInput = strictFields({ email: emailAddress });
/** Any text: what is not a token is refused like a token that never existed. */
const confirmationToken = z.string({ error: "Send the token of the link." });
const confirmationCode = z
  .string({ error: "Type the code." })
  .max(64, { error: "A code has eight characters." })
  .refine((code) => code.trim() !== "", { error: "Type the code." });
export const describeConfirmationInput = strictFields({ token: confirmationToken });
/** The token of a link, or the address that a mail went to and its code. */
export const performConfirmationInput = strictFields({
  token: confirmationToken.optional(),
  email: loginEmailAddress.optional(),
  code: confirmationCode.optional(),
  newPassword: newPassword.optional(),
})
  .refine(({ token, email }) => (token === undefined) !== (email === undefined), {
    path: ["token"],
    error: "Send either the token of a link, or an email address with its code.",
  })
  .refine(({ email, code }) => email === undefined || code !== undefined, { path: ["code"], error: "Type the code." });
/** The address of the account, typed to confirm its deletion. */
export const deletionInput = strictFields({ email: loginEmailAddress }).transform(({ email }) => email);
export const revokeInput = strictFields({ id: z.uuid({ error: "That is not a session." }) });

/** Without an audience the token is for this app. */
export const accessTokenInput = strictFields({ audience: z.string().max(200).optional() });

/** For procedures without input: callers omit the argument; the request then contains nothing, null or `{}`. */
export const noInput = z.custom<void>(isEmptyInput, { error: "Send nothing here." });

/** Without input, logout ends the sessions named by the cookies; with an end token, those named by it and not held by the browser. */
export const logoutInput = z.union([noInput, strictFields({ endToken: z.string() })]);

export type RegisterInput = z.output<typeof registerInput>;
export type PasskeyRegistrationInput = z.output<typeof finishPasskeyRegistrationInput>;
export type LoginInput = Omit<z.output<typeof loginInput>, "legacyEmail">;
export type ChangePasswordInput = z.output<typeof changePasswordInput>;
export type RequestResetInput = z.output<typeof requestResetInput>;
export type PerformConfirmationInput = z.output<typeof performConfirmationInput>;
export type DeletionInput = z.output<typeof deletionInput>;
export type SecondFactorInput = z.output<typeof secondFactorInput>;
export type StepUpInput = z.output<typeof stepUpInput>;

function isEmptyInput(input: unknown): boolean {
  return input === undefined || input === null || z.strictObject({}).safeParse(input).success;
}

const MAX_FIELD_ERRORS = 10;

/** The first message for each field. Unknown keys are the client's choice, so their number and length are bounded. */
export function fieldErrors(error: z.ZodError): Record<string, string> {
  const messages = new Map<string, string>();
  for (const issue of error.issues) {
    const names = issue.code === "unrecognized_keys" ? issue.keys : issue.path.slice(0, 1);
    for (const name of names.slice(0, MAX_FIELD_ERRORS)) {
      const field = String(name).slice(0, 64);
      if (!messages.has(field)) messages.set(field, issue.message);
    }
  }
  return Object.fromEntries(messages);
}
