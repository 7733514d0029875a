import { Field } from "@/app/ui/field";

export const EMAIL_MESSAGES = {
  valueMissing: "Enter your email.",
  patternMismatch: "Enter an email like name@example.com.",
};

/** The pattern asks less than the server does: browsers would refuse addresses that exist. */
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
