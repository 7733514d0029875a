"use client";

import { useRef } from "react";
import { Button } from "@/app/ui/button";
import { Dialog } from "@/app/ui/dialog";
import { FormProblem } from "@/app/ui/form-problem";
import { PasswordField } from "@/app/ui/password-field";
import { useForm, type Problem, type ValidationMessages } from "@/app/ui/use-form";
import { useAuth } from "./auth-provider";
import { describeFailure } from "./failure";
import { useStepUpRequest, type StepUpRequest } from "./step-up";
import { trpc } from "./trpc-client";

const VALIDATION_MESSAGES: ValidationMessages = {
  password: { valueMissing: "Enter your password." },
};

/** Asks for the password while calls wait for a step-up. The page below stays as it is, with everything that was typed. */
export function StepUpDialog() {
  const request = useStepUpRequest();
  return request && <OpenDialog request={request} />;
}

function OpenDialog({ request }: { request: StepUpRequest }) {
  const { user } = useAuth();
  const dialog = useRef<HTMLDialogElement>(null);
  const stepUp = trpc.auth.stepUp.useMutation();
  const { form, submit, errors, problem, pending } = useForm({ messages: VALIDATION_MESSAGES, send, onDone });

  async function send(data: FormData): Promise<Problem | null> {
    try {
      await stepUp.mutateAsync({ method: "password", password: String(data.get("password")) });
      return null;
    } catch (error) {
      return describeFailure(error);
    }
  }

  function onDone() {
    dialog.current?.close();
    request.settle("confirmed");
  }

  return (
    <Dialog
      dialogRef={dialog}
      title="Confirm that it is you"
      description={`You signed in some time ago. To go on, enter the password of ${user?.email}.`}
      isBusy={pending}
      onClose={() => request.settle("cancelled")}
    >
      <form {...form} className="flex flex-col gap-5">
        {/* For password managers, which need the user name of the password. */}
        <input type="text" name="username" autoComplete="username" value={user?.email} readOnly hidden />
        <PasswordField
          name="password"
          label="Password"
          autoComplete="current-password"
          required
          error={errors.password}
        />
        <FormProblem problem={problem} />
        <div className="flex flex-wrap gap-3 sm:justify-end">
          <Button onClick={() => !pending && dialog.current?.close()} className="grow sm:grow-0">
            Cancel
          </Button>
          <Button {...submit} type="submit" variant="solid" pendingLabel="Confirming…" className="grow sm:grow-0">
            Confirm
          </Button>
        </div>
      </form>
    </Dialog>
  );
}
