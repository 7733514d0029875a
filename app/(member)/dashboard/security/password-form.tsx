"use client";

import { useState } from "react";
import { describeFailure } from "@/app/auth/failure";
import { OPTIONAL_QUERY, trpc } from "@/app/auth/trpc-client";
import { useAuth } from "@/app/auth/auth-provider";
import { Button } from "@/app/ui/button";
import { FormProblem } from "@/app/ui/form-problem";
import { describePasswordError, NewPasswordField } from "@/app/ui/new-password-field";
import { Notice } from "@/app/ui/notice";
import { PasswordField } from "@/app/ui/password-field";
import { type ValidationMessages, type Problem, useForm } from "@/app/ui/use-form";
import { isSamePassword, SAME_PASSWORD_MESSAGE } from "@/server/auth/policy/password-rules";

const VALIDATION_MESSAGES: ValidationMessages = {
  currentPassword: { valueMissing: "Enter your current password." },
  newPassword: { valueMissing: "Choose a password." },
};

export function PasswordForm({ passwordMinLength }: { passwordMinLength: number }) {
  const { user } = useAuth();
  const [changes, setChanges] = useState(0);
  const [wasSet, setWasSet] = useState(false);
  const utils = trpc.useUtils();
  const { data: factors } = trpc.factors.list.useQuery(undefined, OPTIONAL_QUERY);
  // Most accounts have one, so that the form does not shift when this is known.
  const hasPassword = factors?.password ?? true;
  const changePassword = trpc.users.changePassword.useMutation();
  const setPassword = trpc.users.setPassword.useMutation();
  const { form, submit, errors, problem } = useForm({ messages: VALIDATION_MESSAGES, check, send, onDone });

  function check(data: FormData): Record<string, string> {
    const newPassword = String(data.get("newPassword"));
    const isSame =
      hasPassword && newPassword !== "" && isSamePassword(newPassword, String(data.get("currentPassword")));
    const error = isSame ? SAME_PASSWORD_MESSAGE : describePasswordError(newPassword, passwordMinLength);
    return error ? { newPassword: error } : {};
  }

  async function send(data: FormData): Promise<Problem | null> {
    const newPassword = String(data.get("newPassword"));
    try {
      if (hasPassword) {
        await changePassword.mutateAsync({ currentPassword: String(data.get("currentPassword")), newPassword });
      } else {
        await setPassword.mutateAsync({ newPassword });
        void utils.factors.list.invalidate();
      }
      void utils.sessions.list.invalidate();
      return null;
    } catch (error) {
      return describeFailure(error);
    }
  }

  function onDone(form: HTMLFormElement) {
    form.reset();
    setChanges(changes + 1);
    setWasSet(!hasPassword);
  }

  async function estimate(password: string) {
    const { estimateStrength } = await import("@/app/auth/estimate-strength");
    return estimateStrength(password, { email: user?.email ?? "", fullName: user?.fullName ?? "" });
  }

  return (
    <form {...form} className="flex max-w-md flex-col gap-5">
      {/* For password managers, which need the user name of the password. */}
      <input type="text" name="username" autoComplete="username" value={user?.email} readOnly hidden />
      {hasPassword ? (
        <PasswordField
          name="currentPassword"
          label="Current password"
          autoComplete="current-password"
          required
          error={errors.currentPassword}
        />
      ) : (
        <p>
          <strong className="font-semibold">You have no password.</strong> You sign in with a passkey. A password and a
          recovery code would get you back in if you lost it.
        </p>
      )}
      <NewPasswordField
        key={changes}
        name="newPassword"
        label="New password"
        minLength={passwordMinLength}
        error={errors.newPassword}
        estimate={estimate}
      />
      <div>
        <Button {...submit} type="submit" pendingLabel={hasPassword ? "Changing…" : "Setting…"}>
          {hasPassword ? "Change password" : "Set a password"}
        </Button>
      </div>
      <FormProblem problem={problem} />
      <Notice tone="success">
        {changes > 0 && `Your password is ${wasSet ? "set" : "changed"}. Every other device is signed out.`}
      </Notice>
    </form>
  );
}
