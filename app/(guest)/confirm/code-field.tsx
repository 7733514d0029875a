import { Field } from "@/app/ui/field";

export const CODE_MESSAGES = { valueMissing: "Type the code from the mail." };

export function CodeField({ error }: { error?: string }) {
  return (
    <Field
      name="code"
      label="Code from the mail"
      autoComplete="one-time-code"
      autoCapitalize="characters"
      autoCorrect="off"
      spellCheck={false}
      required
      maxLength={64}
      error={error}
      hint="Eight letters and digits, such as ABCD-1234."
    />
  );
}
