import { Field } from "./field";

export const FULL_NAME_MESSAGES = { valueMissing: "Enter your name.", patternMismatch: "Enter your name." };

export function FullNameField({ defaultValue, error }: { defaultValue?: string; error?: string }) {
  return (
    <Field
      name="fullName"
      label="Full name"
      type="text"
      autoComplete="name"
      required
      pattern=".*\S.*"
      defaultValue={defaultValue}
      error={error}
    />
  );
}
