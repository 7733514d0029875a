import type { ReactNode } from "react";
import { Field } from "./field";

export const EMAIL_MESSAGES = {
  valueMissing: "Enter your email.",
  patternMismatch: "Enter an email like name@example.com.",
};

interface EmailFieldProps {
  label?: string;
  /** "username": what the user signs in with. "webauthn": the browser suggests passkeys, too. */
  autoComplete?: "username" | "username webauthn" | "email";
  hint?: ReactNode;
  error?: string;
}

/** The pattern is weaker than the server's check and replaces the browser's, which rejects some valid addresses. */
export function EmailField({ label = "Email", autoComplete = "username", hint, error }: EmailFieldProps) {
  return (
    <Field
      name="email"
      label={label}
      type="email"
      autoComplete={autoComplete}
      required
      pattern="[^@\s]+@[^@\s]+"
      hint={hint}
      error={error}
    />
  );
}
