"use client";

import { useRef, useState } from "react";
import { describeFailure } from "@/app/auth/failure";
import { OPTIONAL_QUERY, trpc, type RouterOutputs } from "@/app/auth/trpc-client";
import { Button } from "@/app/ui/button";
import { ConfirmButton } from "@/app/ui/confirm-button";
import { DateTime } from "@/app/ui/date-time";
import { FormProblem } from "@/app/ui/form-problem";
import { Notice } from "@/app/ui/notice";
import type { Problem } from "@/app/ui/use-form";
import { AuthenticatorSetup } from "./authenticator-setup";
import { NewCodesDialog } from "./new-codes-dialog";

export function AuthenticatorApp() {
  const utils = trpc.useUtils();
  const { data: factors, error } = trpc.factors.list.useQuery(undefined, OPTIONAL_QUERY);
  const begin = trpc.totp.begin.useMutation();
  const remove = trpc.totp.remove.useMutation();
  const content = useRef<HTMLDivElement>(null);
  const [setup, setSetup] = useState<(RouterOutputs["totp"]["begin"] & { isReplacement: boolean }) | null>(null);
  const [codes, setCodes] = useState<string[] | null>(null);
  const [problem, setProblem] = useState<Problem | null>(null);
  const [result, setResult] = useState("");
  const isOn = factors?.totp != null;

  async function beginSetup() {
    setProblem(null);
    setResult("");
    try {
      setSetup({ ...(await begin.mutateAsync()), isReplacement: isOn });
    } catch (failure) {
      setProblem(describeFailure(failure));
    }
  }

  /** The button that had the focus is gone. */
  function endSetup(message: string) {
    setSetup(null);
    setResult(message);
    content.current?.focus();
  }

  function onConfirmed(newCodes: string[] | null) {
    void utils.factors.list.invalidate();
    if (newCodes === null) endSetup(ON);
    else setCodes(newCodes);
  }

  async function removeApp(): Promise<string | null> {
    setResult("");
    try {
      await remove.mutateAsync();
      await utils.factors.list.invalidate();
      return null;
    } catch (failure) {
      return describeFailure(failure).message;
    }
  }

  return (
    <div ref={content} tabIndex={-1} className="flex min-h-24 flex-col gap-5">
      {setup === null && factors && (
        <p className="max-w-prose">
          {factors.totp === null ? (
            "Not set up. It takes a minute, with any app that shows six-digit codes, such as the one of your phone or password manager."
          ) : (
            <>
              <strong className="font-semibold">On</strong> since <DateTime at={factors.totp.confirmedAt} />. Signing in
              asks for a code of the app.
            </>
          )}
        </p>
      )}
      {!factors && error && <p className="text-quiet">{describeFailure(error).message}</p>}
      {setup === null && factors && (
        <div className="flex flex-wrap gap-3">
          <Button
            aria-label={isOn ? "Replace authenticator app" : undefined}
            variant={isOn ? "plain" : "solid"}
            pending={begin.isPending}
            pendingLabel="Preparing…"
            onClick={() => void beginSetup()}
          >
            {isOn ? "Replace" : "Set up authenticator app"}
          </Button>
          {isOn && (
            <ConfirmButton
              label="Remove"
              accessibleName="Remove authenticator app"
              variant="danger"
              title="Remove the authenticator app?"
              action="Remove"
              pendingLabel="Removing…"
              onConfirm={removeApp}
              onDone={() => endSetup("The authenticator app is removed.")}
            >
              {factors.passkeys.length > 0
                ? "Its codes are no longer accepted. Your passkeys stay."
                : "Signing in then needs your password and nothing else, and your recovery codes are of no use."}
            </ConfirmButton>
          )}
        </div>
      )}
      {setup && <AuthenticatorSetup setup={setup} onConfirmed={onConfirmed} onCancel={() => endSetup("")} />}
      {codes && (
        <NewCodesDialog
          codes={codes}
          onSaved={() => {
            setCodes(null);
            endSetup(ON);
          }}
        />
      )}
      <FormProblem problem={problem} />
      <Notice tone="success">{result}</Notice>
    </div>
  );
}

const ON = "The authenticator app is on. From now on, signing in asks for its code.";
