"use client";

import { useRef } from "react";
import { EMAIL_MESSAGES, EmailField } from "@/app/ui/email-field";
import { useSignInProblem } from "@/app/(guest)/use-sign-in-problem";
import { authClient } from "@/app/auth/auth-client";
import { useAuth } from "@/app/auth/auth-provider";
import { PasskeyButton } from "@/app/auth/passkey-button";
import { signalUnknownPasskey } from "@/app/auth/passkey-signals";
import { usePasskeyRequest, type PasskeyResponse } from "@/app/auth/use-passkey-request";
import { Button } from "@/app/ui/button";
import { Checkbox } from "@/app/ui/checkbox";
import { FormProblem } from "@/app/ui/form-problem";
import { PasswordField } from "@/app/ui/password-field";
import { type Problem, type ValidationMessages, useForm } from "@/app/ui/use-form";
import { withFragment } from "@/server/auth/policy/next-path";
import { usePasskeyAutofill } from "./use-passkey-autofill";

const VALIDATION_MESSAGES: ValidationMessages = {
  email: EMAIL_MESSAGES,
  password: { valueMissing: "Enter your password." },
};

const REMOVED_MESSAGE =
  "This passkey was removed from its account. Delete it on your device or in your password manager, too, and sign in another way.";

export function LoginForm({ next, appOrigin }: { next: string; appOrigin: string }) {
  const { login, loginWithPasskey, status } = useAuth();
  const signInProblem = useSignInProblem(appOrigin);
  const remember = useRef<HTMLInputElement>(null);
  const passkey = usePasskeyRequest({ begin: () => authClient.auth.beginPasskeyLogin.mutate(), send: sendPasskey });
  usePasskeyAutofill(status === "working" || passkey.pending, (response) => void passkey.submit(response));
  const { form, submit, errors, problem } = useForm({
    messages: VALIDATION_MESSAGES,
    send: async (data) => {
      passkey.clearProblem();
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

  async function sendPasskey(response: PasskeyResponse): Promise<Problem | null> {
    const outcome = await loginWithPasskey(
      { response, remember: remember.current?.checked },
      { next: withFragment(next, location.hash) },
    );
    if (outcome.kind === "done") return null;
    if (outcome.passkey !== "unknown") return outcome;
    // Before the next request of this page: while one is open, browsers refuse signals.
    await signalUnknownPasskey(String(response.id));
    return { message: REMOVED_MESSAGE };
  }

  return (
    <div className="flex flex-col gap-5">
      <form {...form} className="flex flex-col gap-5">
        <EmailField autoComplete="username webauthn" error={errors.email} />
        <PasswordField
          name="password"
          label="Password"
          autoComplete="current-password"
          required
          error={errors.password}
        />
        <Checkbox ref={remember} name="remember" label="Keep me signed in on this device" defaultChecked />
        <Button {...submit} type="submit" variant="solid" pendingLabel="Signing in…">
          Sign in
        </Button>
      </form>
      <PasskeyButton pending={passkey.pending} onClick={() => void passkey.start()}>
        Sign in with a passkey
      </PasskeyButton>
      {/* One for both ways to sign in, so that only the last failure is shown. */}
      <FormProblem problem={passkey.pending ? null : (passkey.problem ?? problem ?? signInProblem)} />
    </div>
  );
}
