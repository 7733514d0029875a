"use client";

import { EMAIL_MESSAGES, EmailField } from "@/app/ui/email-field";
import { useSignInProblem } from "@/app/(guest)/use-sign-in-problem";
import { useAuth } from "@/app/auth/auth-provider";
import { Button } from "@/app/ui/button";
import { Checkbox } from "@/app/ui/checkbox";
import { FormProblem } from "@/app/ui/form-problem";
import { PasswordField } from "@/app/ui/password-field";
import { type ValidationMessages, useForm } from "@/app/ui/use-form";
import { withFragment } from "@/server/auth/policy/next-path";

const VALIDATION_MESSAGES: ValidationMessages = {
  email: EMAIL_MESSAGES,
  password: { valueMissing: "Enter your password." },
};

export function LoginForm({ next, appOrigin }: { next: string; appOrigin: string }) {
  const { login } = useAuth();
  const signInProblem = useSignInProblem(appOrigin);
  const { form, submit, errors, problem } = useForm({
    messages: VALIDATION_MESSAGES,
    send: async (data) => {
      const outcome = await login(
        {
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
      <EmailField error={errors.email} />
      <PasswordField
        name="password"
        label="Password"
        autoComplete="current-password"
        required
        error={errors.password}
      />
      <Checkbox name="remember" label="Keep me signed in on this device" defaultChecked />
      <Button {...submit} type="submit" variant="solid" pendingLabel="Signing in…">
        Sign in
      </Button>
      <FormProblem problem={problem ?? signInProblem} />
    </form>
  );
}
