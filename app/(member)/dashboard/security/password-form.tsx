"use client";

import { useState } from "react";
import { describeFailure } from "@/app/auth/failure";
import { trpc } from "@/app/auth/trpc-client";
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
  const utils = trpc.useUtils();
  const changePassword = trpc.users.changePassword.useMutation();
  const { form, submit, errors, problem } = useForm({ messages: VALIDATION_MESSAGES, check, send, onDone });

  function check(data: FormData): Record<string, string> {
    const newPassword = String(data.get("newPassword"));
    const isSame = newPassword !== "" && isSamePassword(newPassword, String(data.get("currentPassword")));
    const error = isSame ? SAME_PASSWORD_MESSAGE : describePasswordError(newPassword, passwordMinLength);
    return error ? { newPassword: error } : {};
  }

  async function send(data: FormData): Promise<Problem | null> {
    try {
      await changePassword.mutateAsync({
        currentPassword: String(data.get("currentPassword")),
        newPassword: String(data.get("newPassword")),
      });
      void utils.sessions.list.invalidate();
      return null;
    } catch (error) {
      return describeFailure(error);
    }
  }

  function onDone(form: HTMLFormElement) {
    form.reset();
    setChanges(changes + 1);
  }

  async function estimate(password: string) {
    const { estimateStrength } = await import("@/app/auth/estimate-strength");
    return estimateStrength(password, { email: user?.email ?? "", fullName: user?.fullName ?? "" });
  }

  return (
    <form {...form} className="flex max-w-md flex-col gap-5">
      {/* For password managers, which need the user name of the password. */}
      <input type="text" name="username" autoComplete="username" value={user?.email} readOnly hidden />
      <PasswordField
        name="currentPassword"
        label="Current password"
        autoComplete="current-password"
        required
        error={errors.currentPassword}
      />
      <NewPasswordField
        key={changes}
        name="newPassword"
        label="New password"
        minLength={passwordMinLength}
        error={errors.newPassword}
        estimate={estimate}
      />
      <div>
        <Button {...submit} type="submit" pendingLabel="Changing…">
          Change password
        </Button>
      </div>
      <FormProblem problem={problem} />
      <Notice tone="success">{changes > 0 && "Your password is changed. Every other device is signed out."}</Notice>
    </form>
  );
}
