"use client";

import { useState } from "react";
import { describeFailure } from "@/app/auth/failure";
import { useAuth } from "@/app/auth/auth-provider";
import { trpc } from "@/app/auth/trpc-client";
import { Button } from "@/app/ui/button";
import { EMAIL_MESSAGES, EmailField } from "@/app/ui/email-field";
import { FormProblem } from "@/app/ui/form-problem";
import { type Problem, type ValidationMessages, useForm } from "@/app/ui/use-form";
import { RequestedEmail } from "./requested-email";

const VALIDATION_MESSAGES: ValidationMessages = { email: EMAIL_MESSAGES };

/** Requests another email, which takes effect when its owner confirms it. */
export function EmailForm() {
  const { user } = useAuth();
  const [requested, setRequested] = useState<string | null>(null);
  const requestChange = trpc.email.requestChange.useMutation();
  const { form, submit, errors, problem } = useForm({
    messages: VALIDATION_MESSAGES,
    check,
    send: (data) => request(String(data.get("email"))),
    onDone: (form) => form.reset(),
  });

  function check(data: FormData): Record<string, string> {
    return data.get("email") === user?.email ? { email: "This is your email already." } : {};
  }

  async function request(email: string): Promise<Problem | null> {
    try {
      await requestChange.mutateAsync({ email });
      setRequested(email);
      return null;
    } catch (error) {
      return describeFailure(error);
    }
  }

  return (
    <div className="flex max-w-md flex-col gap-6">
      <RequestedEmail key={requested} email={requested} onRepeat={request} />
      <form {...form} className="flex flex-col gap-5">
        <EmailField
          label={requested === null ? "New email" : "Another new email"}
          autoComplete="email"
          hint="We send a link to the new email. Nothing changes until you open it."
          error={errors.email}
        />
        <div>
          <Button {...submit} type="submit" pendingLabel="Requesting…">
            Change email
          </Button>
        </div>
        <FormProblem problem={problem} />
      </form>
    </div>
  );
}
