"use client";

import { useState } from "react";
import { authClient } from "@/app/auth/auth-client";
import { describeFailure } from "@/app/auth/failure";
import { Button } from "@/app/ui/button";
import { EMAIL_MESSAGES, EmailField } from "@/app/ui/email-field";
import { FormProblem } from "@/app/ui/form-problem";
import { describePasswordError, NewPasswordField } from "@/app/ui/new-password-field";
import { useForm } from "@/app/ui/use-form";
import { CODE_MESSAGES, CodeField } from "./code-field";
import type { Performed } from "./confirm-link";
import { estimateWithoutAccount } from "./link-form";

interface CodeFormProps {
  /** Asked for if it is not known. */
  email?: string;
  passwordMinLength: number;
  onDone: (result: Performed) => void;
}

/** For a mail whose link does not work: its address and code. The kind of the link is known only to the server. */
export function CodeForm({ email, passwordMinLength, onDone }: CodeFormProps) {
  const [needsPassword, setNeedsPassword] = useState(false);
  const { form, submit, errors, problem } = useForm({
    messages: { email: EMAIL_MESSAGES, code: CODE_MESSAGES, newPassword: { valueMissing: "Choose a password." } },
    check: (data): Record<string, string> => {
      const newPassword = data.get("newPassword");
      const error = newPassword === null ? null : describePasswordError(String(newPassword), passwordMinLength);
      return error ? { newPassword: error } : {};
    },
    send: async (data) => {
      const newPassword = data.get("newPassword");
      try {
        const result = await authClient.confirm.perform.mutate({
          email: email ?? String(data.get("email")),
          code: String(data.get("code")),
          newPassword: newPassword === null ? undefined : String(newPassword),
        });
        onDone(result);
        return null;
      } catch (error) {
        const failure = describeFailure(error);
        if (failure.reason === "LINK_SPENT") {
          return { message: `This code does not work with ${email ?? "this email"}. Check it, or ask for a new mail.` };
        }
        // The code is right and belongs to a link for a new password.
        if (failure.fields?.newPassword !== undefined && !needsPassword) {
          setNeedsPassword(true);
          return { message: "The code is right. Now choose a new password." };
        }
        return failure;
      }
    },
  });

  return (
    <form {...form} className="flex flex-col gap-5">
      {email === undefined && <EmailField error={errors.email} />}
      <CodeField error={errors.code} />
      {needsPassword && (
        <NewPasswordField
          name="newPassword"
          label="New password"
          minLength={passwordMinLength}
          error={errors.newPassword}
          estimate={estimateWithoutAccount}
        />
      )}
      <div>
        <Button {...submit} type="submit" variant="solid" pendingLabel="Checking…">
          {needsPassword ? "Change password" : email === undefined ? "Continue" : "Confirm"}
        </Button>
      </div>
      <FormProblem problem={problem} />
    </form>
  );
}
