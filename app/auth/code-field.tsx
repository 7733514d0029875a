import type { AuthenticationMethod, SecondFactorMethod } from "@/server/auth/policy/authentication-methods";
import { Field } from "@/app/ui/field";
import type { Problem, ValidationMessages } from "@/app/ui/use-form";
import type { Failure } from "./failure";

/** The second factors that are typed. */
export type CodeMethod = Exclude<SecondFactorMethod, "passkey">;

/** The field is named after its method, so that an error of one is not shown at the other. */
export const CODE_MESSAGES: ValidationMessages = {
  totp: { valueMissing: "Type the code." },
  "recovery-code": { valueMissing: "Type the code." },
};

/** On a button that changes to the method. */
export const SWITCH_LABELS: Record<CodeMethod, string> = {
  totp: "Use your authenticator app",
  "recovery-code": "Use a recovery code",
};

/** For an account whose second factors cannot be used here. */
export const NO_METHOD_TEXT =
  "Your passkeys were made for another address of this site and cannot be used at this one, and you have no recovery code. Ask the operator of this site for help.";

const RECOVERY_CODE_HINT = (
  <>
    One of the codes that you saved, with its number: <span className="whitespace-nowrap">3-ABCD-EFGH-JKMN-PQRS</span>.
  </>
);

const WRONG_CODE: Record<CodeMethod, string> = {
  totp: "That code is not right. A code is valid for about 30 seconds and only once: type the next one that the app shows.",
  "recovery-code":
    "That code is not right, or it was used before. Check it, or use another one of your recovery codes.",
};

/** The field to begin with. A passkey needs none; a recovery code works once, so it is offered after the others. */
export function firstField<Method extends AuthenticationMethod>(
  methods: readonly Method[],
): Exclude<Method, "passkey"> | undefined {
  const typed = methods.filter((method): method is Exclude<Method, "passkey"> => method !== "passkey");
  const lasting = typed.find((method) => method !== "recovery-code");
  return lasting ?? (methods.length > typed.length ? undefined : typed[0]);
}

interface CodeFieldProps {
  method: CodeMethod;
  error?: string;
  autoFocus?: boolean;
}

/** Blanks and dashes may be typed or pasted: the server ignores them. */
export function CodeField({ method, error, autoFocus = true }: CodeFieldProps) {
  const isRecoveryCode = method === "recovery-code";
  return (
    <Field
      key={method}
      name={method}
      label={isRecoveryCode ? "Recovery code" : "Code from your authenticator app"}
      // Also for recovery codes: browsers do not keep it for the next time.
      autoComplete="one-time-code"
      inputMode={isRecoveryCode ? "text" : "numeric"}
      autoCapitalize={isRecoveryCode ? "characters" : "none"}
      autoCorrect="off"
      spellCheck={false}
      autoFocus={autoFocus}
      required
      maxLength={64}
      error={error}
      hint={isRecoveryCode ? RECOVERY_CODE_HINT : "The six digits that the app shows for this account now."}
    />
  );
}

export function typedCode(data: FormData, method: CodeMethod): { method: CodeMethod; code: string } {
  return { method, code: String(data.get(method)) };
}

/** A refusal that concerns the code, moved to its field. */
export function atCodeField(failure: Failure, method: CodeMethod): Problem {
  const message = failure.reason === "SECOND_FACTOR_WRONG" ? WRONG_CODE[method] : failure.fields?.code;
  return message === undefined ? failure : { ...failure, fields: { [method]: message } };
}
