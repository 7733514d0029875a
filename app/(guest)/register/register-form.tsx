"use client";

import { EMAIL_MESSAGES, EmailField } from "@/app/ui/email-field";
import { useSignInProblem } from "@/app/(guest)/use-sign-in-problem";
import { useAuth } from "@/app/auth/auth-provider";
import { Button } from "@/app/ui/button";
import { Checkbox } from "@/app/ui/checkbox";
import { FormProblem } from "@/app/ui/form-problem";
import { FULL_NAME_MESSAGES, FullNameField } from "@/app/ui/full-name-field";
import { describePasswordError, NewPasswordField } from "@/app/ui/new-password-field";
import { type ValidationMessages, useForm } from "@/app/ui/use-form";
import { withFragment } from "@/server/auth/policy/next-path";

const VALIDATION_MESSAGES: ValidationMessages = {
  fullName: FULL_NAME_MESSAGES,
  email: EMAIL_MESSAGES,
  password: { valueMissing: "Choose a password." },
};

export function RegisterForm({
  next,
  passwordMinLength,
  appOrigin,
}: {
  next: string;
  passwordMinLength: number;
  appOrigin: string;
}) {
  const { register } = useAuth();
  const signInProblem = useSignInProblem(appOrigin);
  const { form, submit, errors, problem } = useForm({
    messages: VALIDATION_MESSAGES,
    check: (data): Record<string, string> => {
      const error = describePasswordError(String(data.get("password")), passwordMinLength);
      return error ? { password: error } : {};
    },
    send: async (data) => {
      const outcome = await register(
        {
          fullName: String(data.get("fullName")),
          email: String(data.get("email")),
          password: String(data.get("password")),
          remember: data.get("remember") !== null,
        },
        { next: withFragment(next, location.hash) },
      );
      return outcome.kind === "done" ? null : outcome;
    },
  });

  return (
    <form {...form} className="flex flex-col gap-5">
      <FullNameField error={errors.fullName} />
      <EmailField error={errors.email} />
      <NewPasswordField
        name="password"
        label="Password"
        minLength={passwordMinLength}
        error={errors.password}
        estimate={estimateForGuest}
      />
      <Checkbox name="remember" label="Keep me signed in on this device" defaultChecked />
      <Button {...submit} type="submit" variant="solid" pendingLabel="Creating your account…">
        Create account
      </Button>
      <FormProblem problem={problem ?? signInProblem} />
    </form>
  );
}

async function estimateForGuest(password: string, form: HTMLFormElement) {
  const { estimateStrength } = await import("@/app/auth/estimate-strength");
  const data = new FormData(form);
  return estimateStrength(password, { email: String(data.get("email")), fullName: String(data.get("fullName")) });
}
