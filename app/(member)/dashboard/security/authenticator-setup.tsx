"use client";

import { useEffect, useRef, type ReactNode } from "react";
import { describeFailure } from "@/app/auth/failure";
import { atCodeField, CODE_MESSAGES, CodeField, typedCode } from "@/app/auth/code-field";
import { trpc, type RouterOutputs } from "@/app/auth/trpc-client";
import { Button } from "@/app/ui/button";
import { CopyButton } from "@/app/ui/copy-button";
import { FormProblem } from "@/app/ui/form-problem";
import { useForm, type Problem } from "@/app/ui/use-form";

interface AuthenticatorSetupProps {
  /** `isReplacement`: of an app that works until then. */
  setup: RouterOutputs["totp"]["begin"] & { isReplacement: boolean };
  onConfirmed: (recoveryCodes: string[] | null) => void;
  onCancel: () => void;
}

/** The secret as a picture, a link and a text, and the code that proves that the app has it. */
export function AuthenticatorSetup({ setup, onConfirmed, onCancel }: AuthenticatorSetupProps) {
  const steps = useRef<HTMLOListElement>(null);
  const confirm = trpc.totp.confirm.useMutation();
  const { form, submit, errors, problem, pending } = useForm({ messages: CODE_MESSAGES, send, onDone: () => {} });

  // Not to the field, which is below the picture: on a phone the keyboard would cover that.
  useEffect(() => steps.current?.focus(), []);

  async function send(data: FormData): Promise<Problem | null> {
    try {
      const { recoveryCodes } = await confirm.mutateAsync({ code: typedCode(data, "totp").code });
      onConfirmed(recoveryCodes);
      return null;
    } catch (error) {
      return atCodeField(describeFailure(error), "totp");
    }
  }

  return (
    <ol ref={steps} tabIndex={-1} aria-label="Set-up of the authenticator app" className="flex flex-col gap-8">
      <Step title="1. Add this account to your app">
        <div className="flex flex-col gap-x-8 gap-y-5 sm:flex-row">
          {/* An image, because the page creates no markup from text. */}
          <img
            src={`data:image/svg+xml,${encodeURIComponent(setup.qr)}`}
            alt="QR code of the secret below"
            width={192}
            height={192}
            className="size-48 flex-none self-start rounded-plate border border-line bg-[white] p-2"
          />
          <div className="flex min-w-0 flex-col items-start gap-3">
            <p>
              Scan the picture with your authenticator app. Is the app on this device?{" "}
              <a className="link" href={setup.uri}>
                Open it
              </a>
              .
            </p>
            <p>
              If neither works, type this secret into the app:
              <code className="mt-1 block font-mono text-[0.95rem] wrap-anywhere">{inGroups(setup.secret)}</code>
            </p>
            <div className="flex flex-wrap gap-3">
              <CopyButton label="Copy secret" text={setup.secret} />
            </div>
          </div>
        </div>
      </Step>
      <Step title="2. Type the code that the app shows">
        <form {...form} className="flex max-w-md flex-col gap-5">
          <CodeField method="totp" autoFocus={false} error={errors.totp} />
          {setup.isReplacement && <p className="text-quiet">Your previous app works until you have done this.</p>}
          <div className="flex flex-wrap gap-3">
            <Button {...submit} type="submit" variant="solid" pendingLabel="Checking…">
              Turn on
            </Button>
            <Button disabled={pending} onClick={onCancel}>
              Cancel
            </Button>
          </div>
          <FormProblem problem={problem} />
        </form>
      </Step>
    </ol>
  );
}

function Step({ title, children }: { title: string; children: ReactNode }) {
  return (
    <li>
      <h3 className="mb-3 font-semibold">{title}</h3>
      {children}
    </li>
  );
}

/** As apps show it: four characters at a time. Apps ignore the blanks. */
function inGroups(secret: string): string {
  return secret.match(/.{1,4}/g)?.join(" ") ?? secret;
}
