import { Field } from "./field";

export const EMAIL_MESSAGES = {
  valueMissing: "Enter your email.",
  patternMismatch: "Enter an email like name@example.com.",
};

/** The pattern is weaker than the server's check and replaces the browser's, which rejects some valid addresses. */
export function EmailField({ error }: { error?: string }) {
  return (
    <Field
      name="email"
      label="Email"
      type="email"
      autoComplete="username"
      required
      pattern="[^@\s]+@[^@\s]+"
      error={error}
    />
  );
}
