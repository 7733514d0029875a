"use client";

import { useRef, useState } from "react";
import { describeFailure } from "@/app/auth/failure";
import { useAuth } from "@/app/auth/auth-provider";
import { trpc } from "@/app/auth/trpc-client";
import { Button } from "@/app/ui/button";
import { Dialog } from "@/app/ui/dialog";
import { formatDuration } from "@/app/ui/duration";
import { EMAIL_MESSAGES, EmailField } from "@/app/ui/email-field";
import { FormProblem } from "@/app/ui/form-problem";
import { type Problem, type ValidationMessages, useForm } from "@/app/ui/use-form";
import { DELETION_DELAY_SECONDS } from "@/server/auth/policy/lifetimes";
import { ACCOUNT_DELETED } from "@/server/auth/policy/routes";

const VALIDATION_MESSAGES: ValidationMessages = { email: EMAIL_MESSAGES };

/** `canUndo`: whether the user gets a link that undoes the deletion. */
export function DeleteAccount({ canUndo }: { canUndo: boolean }) {
  const delay = formatDuration(DELETION_DELAY_SECONDS);
  const { user } = useAuth();
  const [open, setOpen] = useState(false);

  return (
    <>
      <ol className="mb-6 flex max-w-prose list-decimal flex-col gap-3 pl-5 marker:font-semibold marker:text-quiet">
        <li>You are signed out at once, on every device, and signing in is no longer possible.</li>
        <li className="wrap-anywhere">
          {canUndo
            ? `We send a link to ${user?.email}. For ${delay} it undoes the deletion, and your account is as before.`
            : `For ${delay} your data is kept, and the operator of this service can undo the deletion.`}
        </li>
        <li>Then everything about you is erased for good: name, email, password, sessions and messages.</li>
      </ol>
      <Button variant="danger" aria-haspopup="dialog" onClick={() => setOpen(true)}>
        Delete account
      </Button>
      {open && <DeleteDialog onClose={() => setOpen(false)} />}
    </>
  );
}

function DeleteDialog({ onClose }: { onClose: () => void }) {
  const { user, leave } = useAuth();
  const dialog = useRef<HTMLDialogElement>(null);
  const requestDeletion = trpc.account.requestDeletion.useMutation();
  const { form, submit, errors, problem, pending } = useForm({ messages: VALIDATION_MESSAGES, send });

  async function send(data: FormData): Promise<Problem | null> {
    try {
      const { deletesAt } = await requestDeletion.mutateAsync({ email: String(data.get("email")) });
      leave(`${ACCOUNT_DELETED}?${new URLSearchParams({ at: deletesAt })}`);
      return null;
    } catch (error) {
      return describeFailure(error);
    }
  }

  return (
    <Dialog
      dialogRef={dialog}
      title="Delete your account?"
      description={
        <span className="wrap-anywhere">
          To confirm, type the email of your account: <strong className="text-ink">{user?.email}</strong>
        </span>
      }
      isBusy={pending}
      onClose={onClose}
    >
      <form {...form} className="flex flex-col gap-5">
        <EmailField label="Email of your account" autoComplete="email" error={errors.email} />
        <FormProblem problem={problem} />
        <div className="flex flex-wrap gap-3 sm:justify-end">
          <Button onClick={() => !pending && dialog.current?.close()} className="grow sm:grow-0">
            Cancel
          </Button>
          <Button {...submit} type="submit" variant="danger" pendingLabel="Deleting…" className="grow sm:grow-0">
            Delete account
          </Button>
        </div>
      </form>
    </Dialog>
  );
}
