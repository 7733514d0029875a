"use client";

import { describeFailure } from "@/app/auth/failure";
import { trpc } from "@/app/auth/trpc-client";
import { Button } from "@/app/ui/button";
import { Field } from "@/app/ui/field";
import { FormProblem } from "@/app/ui/form-problem";
import { type Problem, type ValidationMessages, useForm } from "@/app/ui/use-form";
import type { Passkey } from "./passkey-row";

const VALIDATION_MESSAGES: ValidationMessages = { name: { valueMissing: "Give the passkey a name." } };

interface RenamePasskeyProps {
  passkey: Passkey;
  onCancel: () => void;
  onDone: (message: string) => void;
}

export function RenamePasskey({ passkey: { id, name }, onCancel, onDone }: RenamePasskeyProps) {
  const utils = trpc.useUtils();
  const rename = trpc.passkeys.rename.useMutation();
  const { form, submit, errors, problem, pending } = useForm({
    messages: VALIDATION_MESSAGES,
    send,
    onDone: () => onDone("The name was saved."),
  });

  async function send(data: FormData): Promise<Problem | null> {
    try {
      await rename.mutateAsync({ id, name: String(data.get("name")) });
      await utils.factors.list.invalidate();
      return null;
    } catch (error) {
      return describeFailure(error);
    }
  }

  return (
    <form
      {...form}
      className="flex flex-col gap-4"
      onKeyDown={(event) => event.key === "Escape" && !pending && onCancel()}
    >
      <div className="max-w-md">
        <Field
          name="name"
          label="Name of the passkey"
          defaultValue={name}
          required
          maxLength={100}
          autoFocus
          onFocus={(event) => event.currentTarget.select()}
          error={errors.name}
        />
      </div>
      <div className="flex flex-wrap gap-3">
        <Button {...submit} type="submit" pendingLabel="Saving…">
          Save name
        </Button>
        <Button onClick={() => !pending && onCancel()}>Cancel</Button>
      </div>
      <FormProblem problem={problem} />
    </form>
  );
}
