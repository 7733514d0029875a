"use client";

import { useId, useState } from "react";
import { EMAIL_MESSAGES, EmailField } from "@/app/ui/email-field";
import { GuestLink } from "@/app/(guest)/guest-link";
import { NewCodesScreen, useNewCodes } from "@/app/(guest)/new-codes-screen";
import { useSignInProblem } from "@/app/(guest)/use-sign-in-problem";
import { useAuth } from "@/app/auth/auth-provider";
import { PasskeyButton, useSupportsPasskeys } from "@/app/auth/passkey-button";
import { Button } from "@/app/ui/button";
import { Checkbox } from "@/app/ui/checkbox";
import { FormProblem } from "@/app/ui/form-problem";
import { FULL_NAME_MESSAGES, FullNameField } from "@/app/ui/full-name-field";
import { describePasswordError, NewPasswordField } from "@/app/ui/new-password-field";
import { type ValidationMessages, useForm } from "@/app/ui/use-form";
import { withFragment, withNext } from "@/server/auth/policy/next-path";
import { LOGIN } from "@/server/auth/policy/routes";
import { usePasskeyRegistration } from "./use-passkey-registration";

const PERSON_MESSAGES: ValidationMessages = { fullName: FULL_NAME_MESSAGES, email: EMAIL_MESSAGES };
const VALIDATION_MESSAGES: ValidationMessages = {
  ...PERSON_MESSAGES,
  password: { valueMissing: "Choose a password." },
};

/** What the second submit button adds to the data of the form. */
const BY_PASSKEY = { name: "way", value: "passkey" };
const isByPasskey = (data: FormData) => data.get(BY_PASSKEY.name) === BY_PASSKEY.value;

export function RegisterForm({
  next,
  passwordMinLength,
  appOrigin,
  isMailOn,
}: {
  next: string;
  passwordMinLength: number;
  appOrigin: string;
  isMailOn: boolean;
}) {
  const { register } = useAuth();
  const registerByPasskey = usePasskeyRegistration();
  const { newCodes, saveCodes } = useNewCodes();
  const supportsPasskeys = useSupportsPasskeys();
  const hintId = useId();
  const signInProblem = useSignInProblem(appOrigin);
  const [isPasskeyChosen, setIsPasskeyChosen] = useState(false);
  const { form, errors, problem, pending } = useForm({
    messages: (data) => (isByPasskey(data) ? PERSON_MESSAGES : VALIDATION_MESSAGES),
    check: (data): Record<string, string> => {
      if (isByPasskey(data)) return {};
      const error = describePasswordError(String(data.get("password")), passwordMinLength);
      return error ? { password: error } : {};
    },
    send: async (data) => {
      setIsPasskeyChosen(isByPasskey(data));
      const person = { fullName: String(data.get("fullName")), email: String(data.get("email")) };
      const remember = data.get("remember") !== null;
      const options = { next: withFragment(next, location.hash), saveCodes };
      if (isByPasskey(data)) return registerByPasskey(person, remember, options);
      const outcome = await register({ ...person, password: String(data.get("password")), remember }, options);
      return outcome.kind === "done" ? null : outcome;
    },
  });

  if (newCodes !== null) {
    const where = isMailOn ? "by mail" : "on the Security page";
    return (
      <NewCodesScreen
        {...newCodes}
        title="Save your recovery codes"
        text={`Your account is ready. If you lose your passkey, you get back in with a password, which you can set ${where}, and one of these codes. They are not shown again: keep them where you can reach them without this device.`}
      />
    );
  }
  return (
    <>
      <h1 className="plate text-4xl">Create an account</h1>
      <p className="mt-3 mb-8 text-quiet">
        Already have an account? <GuestLink href={withNext(LOGIN, next)}>Sign in</GuestLink>
      </p>
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
        <Button
          type="submit"
          variant="solid"
          pending={pending && !isPasskeyChosen}
          disabled={pending && isPasskeyChosen}
          pendingLabel="Creating your account…"
        >
          Create account
        </Button>
        {supportsPasskeys && (
          <div>
            <PasskeyButton
              type="submit"
              {...BY_PASSKEY}
              aria-describedby={hintId}
              className="w-full"
              pending={pending && isPasskeyChosen}
              disabled={pending && !isPasskeyChosen}
              pendingLabel="Waiting for your device…"
            >
              Create the account with a passkey
            </PasskeyButton>
            <p id={hintId} className="mt-1.5 text-sm text-quiet">
              No password: you sign in by fingerprint, face or screen lock.
            </p>
          </div>
        )}
        <FormProblem problem={problem ?? signInProblem} />
      </form>
    </>
  );
}

async function estimateForGuest(password: string, form: HTMLFormElement) {
  const { estimateStrength } = await import("@/app/auth/estimate-strength");
  const data = new FormData(form);
  return estimateStrength(password, { email: String(data.get("email")), fullName: String(data.get("fullName")) });
}
