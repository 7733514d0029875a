"use client";

import { useState } from "react";
import { GuestLink } from "@/app/(guest)/guest-link";
import { NewCodesScreen, useNewCodes } from "@/app/(guest)/new-codes-screen";
import { Screen } from "@/app/(guest)/screen";
import { useAuth } from "@/app/auth/auth-provider";
import {
  atCodeField,
  CODE_MESSAGES,
  CodeField,
  firstField,
  NO_METHOD_TEXT,
  SWITCH_LABELS,
  typedCode,
  type CodeMethod,
} from "@/app/auth/code-field";
import { PasskeyStep, useSupportsPasskeys } from "@/app/auth/passkey-button";
import type { PasskeyResponse } from "@/app/auth/use-passkey-request";
import { Button } from "@/app/ui/button";
import { FormProblem } from "@/app/ui/form-problem";
import { useForm } from "@/app/ui/use-form";
import { useNow } from "@/app/ui/use-now";
import type { SecondFactorMethod } from "@/server/auth/policy/authentication-methods";
import { withFragment, withNext } from "@/server/auth/policy/next-path";
import { CHALLENGE_OVER_MESSAGE } from "@/server/auth/policy/refusals";
import { LOGIN } from "@/server/auth/policy/routes";

interface SecondFactorFormProps {
  next: string;
  methods: SecondFactorMethod[];
  /** Until the server refuses this step. */
  secondsLeft: number;
}

export function SecondFactorForm({ next, methods, secondsLeft }: SecondFactorFormProps) {
  const { finishLogin } = useAuth();
  const codeMethods = methods.filter((method) => method !== "passkey");
  const supportsPasskeys = useSupportsPasskeys();
  const [chosen, setChosen] = useState<CodeMethod>();
  const method = chosen ?? firstField(supportsPasskeys ? methods : codeMethods);
  const [isRefused, setIsRefused] = useState(false);
  const { newCodes, saveCodes } = useNewCodes();
  const minutesLeft = useMinutesLeft(secondsLeft);
  const { form, submit, errors, problem, pending } = useForm({ messages: CODE_MESSAGES, send });

  async function send(data: FormData) {
    const outcome = await finishLogin(typedCode(data, method!), { next: withFragment(next, location.hash), saveCodes });
    if (outcome.kind === "done") return null;
    setIsRefused(outcome.reason === "SIGNED_OUT");
    return atCodeField(outcome, method!);
  }

  async function sendPasskey(response: PasskeyResponse) {
    const outcome = await finishLogin({ method: "passkey", response }, { next: withFragment(next, location.hash) });
    if (outcome.kind === "done") return null;
    setIsRefused(outcome.reason === "SIGNED_OUT");
    return outcome;
  }

  if (newCodes !== null) {
    return (
      <NewCodesScreen
        {...newCodes}
        title="Save your new recovery codes"
        text="That was your last recovery code, so here are ten new ones. They are not shown again: keep them where you can reach them without your phone."
      />
    );
  }
  if (isRefused || (minutesLeft <= 0 && !pending)) {
    return (
      <Screen title="This step is over" text={CHALLENGE_OVER_MESSAGE}>
        <p>
          <GuestLink href={withNext(LOGIN, next)}>Sign in again</GuestLink>
        </p>
      </Screen>
    );
  }
  return (
    <>
      <h1 className="plate text-4xl">One more step</h1>
      <p className="mt-3 mb-8 text-quiet">
        Your password was right. Now confirm that it is you, within the next{" "}
        {minutesLeft === 1 ? "minute" : `${minutesLeft} minutes`}.
      </p>
      {methods.length === 0 && <p>{NO_METHOD_TEXT}</p>}
      {methods.includes("passkey") && (
        <PasskeyStep variant={method === undefined ? "solid" : "plain"} send={sendPasskey} />
      )}
      {method && (
        <form {...form} className="flex flex-col gap-5">
          <CodeField method={method} error={errors[method]} />
          <Button {...submit} type="submit" variant="solid" pendingLabel="Checking…">
            Continue
          </Button>
          <FormProblem problem={problem} />
        </form>
      )}
      <div className="mt-5 flex flex-col gap-1 border-t border-line pt-4">
        {codeMethods
          .filter((other) => other !== method)
          .map((other) => (
            <Button key={other} variant="quiet" disabled={pending} onClick={() => setChosen(other)}>
              {SWITCH_LABELS[other]}
            </Button>
          ))}
        <p className="flex min-h-11 items-center justify-center">
          <GuestLink href={withNext(LOGIN, next)}>Sign in with another account</GuestLink>
        </p>
      </div>
    </>
  );
}

/** Counted from when the page was loaded, because the clock of the device may be wrong. */
function useMinutesLeft(secondsLeft: number): number {
  const [loadedAt] = useState(() => Date.now());
  const now = useNow();
  return Math.ceil((secondsLeft - ((now ?? loadedAt) - loadedAt) / 1000) / 60);
}
