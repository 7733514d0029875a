"use client";

import { authClient } from "@/app/auth/auth-client";
import { describeFailure } from "@/app/auth/failure";
import type { RouterOutputs } from "@/app/auth/trpc-client";
import { Button } from "@/app/ui/button";
import { FormProblem } from "@/app/ui/form-problem";
import { describePasswordError, NewPasswordField } from "@/app/ui/new-password-field";
import { useForm } from "@/app/ui/use-form";
import { CODE_MESSAGES, CodeField } from "./code-field";
import type { Performed } from "./confirm-link";
import { PURPOSE_TEXTS, type SPENT_TEXTS } from "./confirm-texts";

interface LinkFormProps {
  token: string;
  link: RouterOutputs["confirm"]["describe"];
  passwordMinLength: number;
  onDone: (result: Performed) => void;
  onSpent: (how: keyof typeof SPENT_TEXTS) => void;
}

/** What the link needs besides being opened: a press, the code, or a new password. */
export function LinkForm({ token, link, passwordMinLength, onDone, onSpent }: LinkFormProps) {
  const { action, pending } = PURPOSE_TEXTS[link.purpose];
  const { form, submit, errors, problem } = useForm({
    messages: { code: CODE_MESSAGES, newPassword: { valueMissing: "Choose a password." } },
    check: (data): Record<string, string> => {
      const newPassword = data.get("newPassword");
      const error = newPassword === null ? null : describePasswordError(String(newPassword), passwordMinLength);
      return error ? { newPassword: error } : {};
    },
    send: async (data) => {
      const field = (name: string) => (data.get(name) === null ? undefined : String(data.get(name)));
      try {
        const input = { token, code: field("code"), newPassword: field("newPassword") };
        onDone(await authClient.confirm.perform.mutate(input));
        return null;
      } catch (error) {
        const failure = describeFailure(error);
        if (failure.reason !== "LINK_SPENT") return failure;
        onSpent(failure.spent ?? "unknown");
        return null;
      }
    },
  });

  return (
    <form {...form} className="flex flex-col gap-5">
      {link.needs === "code" && <CodeField error={errors.code} />}
      {link.needs === "new-password" && (
        <NewPasswordField
          name="newPassword"
          label="New password"
          minLength={passwordMinLength}
          error={errors.newPassword}
          estimate={estimateWithoutAccount}
        />
      )}
      <div>
        <Button {...submit} type="submit" variant="solid" pendingLabel={pending}>
          {action}
        </Button>
      </div>
      <FormProblem problem={problem} />
    </form>
  );
}

/** Name and email are not known to the page: the server's check includes them. */
export async function estimateWithoutAccount(password: string) {
  const { estimateStrength } = await import("@/app/auth/estimate-strength");
  return estimateStrength(password, { email: "", fullName: "" });
}
