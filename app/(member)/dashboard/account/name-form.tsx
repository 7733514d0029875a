"use client";

import { useState } from "react";
import { describeFailure } from "@/app/auth/failure";
import { signalUserDetails } from "@/app/auth/passkey-signals";
import { trpc } from "@/app/auth/trpc-client";
import { useAuth } from "@/app/auth/auth-provider";
import { Button } from "@/app/ui/button";
import { FormProblem } from "@/app/ui/form-problem";
import { FULL_NAME_MESSAGES, FullNameField } from "@/app/ui/full-name-field";
import { type ValidationMessages, type Problem, useForm } from "@/app/ui/use-form";

const VALIDATION_MESSAGES: ValidationMessages = {
  fullName: FULL_NAME_MESSAGES,
};

export function NameForm() {
  const { user, replaceUser } = useAuth();
  const [saved, setSaved] = useState(false);
  const utils = trpc.useUtils();
  const update = trpc.users.update.useMutation();
  const { form, submit, errors, problem } = useForm({
    messages: VALIDATION_MESSAGES,
    send,
    onDone: () => setSaved(true),
  });

  async function send(data: FormData): Promise<Problem | null> {
    setSaved(false);
    try {
      const profile = await update.mutateAsync({ fullName: String(data.get("fullName")) });
      const { id, email, fullName, role } = profile;
      replaceUser({ id, email, fullName, role });
      utils.users.me.setData(undefined, profile);
      void signalUserDetails({ id, email, fullName, role });
      return null;
    } catch (error) {
      return describeFailure(error);
    }
  }

  return (
    <form {...form} className="flex max-w-md flex-col gap-5">
      <FullNameField defaultValue={user?.fullName} error={errors.fullName} />
      <div className="flex flex-wrap items-center gap-4">
        <Button {...submit} type="submit" pendingLabel="Saving…">
          Save name
        </Button>
        <p role="status" className="font-medium text-accent">
          {saved && "Saved."}
        </p>
      </div>
      <FormProblem problem={problem} />
    </form>
  );
}
