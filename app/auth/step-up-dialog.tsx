"use client";

import { useEffect, useRef, useState } from "react";
import { Button } from "@/app/ui/button";
import { Dialog } from "@/app/ui/dialog";
import { FormProblem } from "@/app/ui/form-problem";
import { PasswordField } from "@/app/ui/password-field";
import { useForm, type Problem, type ValidationMessages } from "@/app/ui/use-form";
import type { AuthenticationMethod } from "@/server/auth/policy/authentication-methods";
import { useAuth } from "./auth-provider";
import {
  atCodeField,
  CODE_MESSAGES,
  CodeField,
  firstField,
  NO_METHOD_TEXT,
  SWITCH_LABELS,
  typedCode,
  type CodeMethod,
} from "./code-field";
import { describeFailure } from "./failure";
import { PasskeyStep, useSupportsPasskeys } from "./passkey-button";
import type { PasskeyResponse } from "./use-passkey-request";
import { RecoveryCodeSheet } from "./recovery-code-sheet";
import { useStepUpRequest, type StepUpRequest } from "./step-up";
import { trpc } from "./trpc-client";

type TypedMethod = "password" | CodeMethod;

const VALIDATION_MESSAGES: ValidationMessages = {
  password: { valueMissing: "Enter your password." },
  ...CODE_MESSAGES,
};

/** Asks who the user is while calls wait for a step-up. The page below stays as it is, with everything that was typed. */
export function StepUpDialog() {
  const request = useStepUpRequest();
  return request && <OpenDialog request={request} />;
}

function OpenDialog({ request }: { request: StepUpRequest }) {
  const { user } = useAuth();
  const dialog = useRef<HTMLDialogElement>(null);
  const [chosen, setChosen] = useState<TypedMethod>();
  const [newCodes, setNewCodes] = useState<string[] | null>(null);
  const stepUp = trpc.auth.stepUp.useMutation();
  const { form, submit, errors, problem, pending } = useForm({ messages: VALIDATION_MESSAGES, send });

  const methods = request.methods.filter((method) => method !== "passkey");
  const hasPasskey = useSupportsPasskeys() && methods.length < request.methods.length;
  const method =
    chosen !== undefined && methods.includes(chosen) ? chosen : firstField(hasPasskey ? request.methods : methods);
  const others = methods.filter((other) => other !== method);

  // A dialog starts at its first control, which is the button of the passkey; and new codes replace the control that had the focus.
  useEffect(() => {
    const [first] = ["input:not([hidden])", "button"].flatMap(
      (one) => dialog.current?.querySelector<HTMLElement>(one) ?? [],
    );
    first?.focus();
  }, [newCodes]);

  async function sendPasskey(response: PasskeyResponse): Promise<Problem | null> {
    try {
      await stepUp.mutateAsync({ method: "passkey", response });
      return null;
    } catch (error) {
      return describeFailure(error);
    }
  }

  async function send(data: FormData): Promise<Problem | null> {
    if (method === undefined) return null;
    try {
      const password = String(data.get("password"));
      const { recoveryCodes } = await stepUp.mutateAsync(
        method === "password" ? { method, password } : typedCode(data, method),
      );
      if (recoveryCodes === undefined) confirm(method);
      else setNewCodes(recoveryCodes);
      return null;
    } catch (error) {
      const failure = describeFailure(error);
      return method === "password" ? failure : atCodeField(failure, method);
    }
  }

  function confirm(how: AuthenticationMethod) {
    dialog.current?.close();
    request.confirm(how);
  }

  if (newCodes !== null) {
    return (
      <Dialog
        dialogRef={dialog}
        title="Save your new recovery codes"
        description="That was your last recovery code, so here are ten new ones. They are not shown again: keep them where you can reach them without your phone."
        isBusy
        onClose={request.cancel}
      >
        <RecoveryCodeSheet email={user?.email ?? ""} codes={newCodes} />
        <div className="mt-6 flex sm:justify-end">
          <Button variant="solid" className="grow sm:grow-0" onClick={() => confirm("recovery-code")}>
            I have saved them, continue
          </Button>
        </div>
      </Dialog>
    );
  }
  return (
    <Dialog
      dialogRef={dialog}
      title="Confirm that it is you"
      description={request.methods.length === 0 ? NO_METHOD_TEXT : describeQuestion(method, hasPasskey, user?.email)}
      isBusy={pending}
      onClose={request.cancel}
    >
      {request.methods.includes("passkey") && (
        <PasskeyStep
          variant={method === undefined ? "solid" : "plain"}
          send={sendPasskey}
          onDone={() => confirm("passkey")}
        />
      )}
      <form {...form} className="flex flex-col gap-5">
        {/* For password managers, which need the user name of the password. */}
        <input type="text" name="username" autoComplete="username" value={user?.email} readOnly hidden />
        {method === "password" && (
          <PasswordField
            name="password"
            label="Password"
            autoComplete="current-password"
            required
            error={errors.password}
          />
        )}
        {method !== undefined && method !== "password" && <CodeField method={method} error={errors[method]} />}
        <FormProblem problem={problem} />
        <div className="flex flex-wrap gap-3 sm:justify-end">
          <Button onClick={() => !pending && dialog.current?.close()} className="grow sm:grow-0">
            Cancel
          </Button>
          {method !== undefined && (
            <Button {...submit} type="submit" variant="solid" pendingLabel="Confirming…" className="grow sm:grow-0">
              Confirm
            </Button>
          )}
        </div>
        {others.length > 0 && (
          <div className="flex flex-col gap-1 border-t border-line pt-4">
            {others.map((other) => (
              <Button key={other} variant="quiet" disabled={pending} onClick={() => setChosen(other)}>
                {other === "password" ? "Use your password" : SWITCH_LABELS[other]}
              </Button>
            ))}
          </div>
        )}
      </form>
    </Dialog>
  );
}

function describeQuestion(method: TypedMethod | undefined, hasPasskey: boolean, email = "this account"): string {
  const enter = hasPasskey ? "To go on, use a passkey, or enter" : "To go on, enter";
  switch (method) {
    case undefined:
      return `To go on, use a passkey of ${email}.`;
    case "password":
      return `You signed in some time ago. ${enter} the password of ${email}.`;
    case "totp":
      return `${enter} the code that your authenticator app shows for ${email}.`;
    case "recovery-code":
      return `${enter} a recovery code of ${email}. Each one works once.`;
  }
}
