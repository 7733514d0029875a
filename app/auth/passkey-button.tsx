"use client";

import KeyRound from "lucide-react/icons/key-round";
import { useSyncExternalStore, type ComponentProps } from "react";
import { Button } from "@/app/ui/button";
import { FormProblem } from "@/app/ui/form-problem";
import type { Problem } from "@/app/ui/use-form";
import { authClient } from "./auth-client";
import { supportsPasskeys } from "./passkey";
import { usePasskeyRequest, type PasskeyResponse } from "./use-passkey-request";

interface PasskeyStepProps {
  variant?: ComponentProps<typeof Button>["variant"];
  /** Sends the response; returns null on success. Must not throw. */
  send: (response: PasskeyResponse) => Promise<Problem | null>;
  /** Called after success. Without it the button stays pending, for pages that are left. */
  onDone?: () => void;
}

/** A passkey as the second step of a login, or for a step-up. With its own problem. */
export function PasskeyStep({ variant, send, onDone }: PasskeyStepProps) {
  const { problem, pending, start } = usePasskeyRequest({
    begin: () => authClient.auth.beginPasskeyAssertion.mutate(),
    send,
    onDone,
  });
  if (!useSupportsPasskeys()) return <p className="mb-5 text-quiet">This browser cannot use passkeys.</p>;
  return (
    // Without a problem, the gap before it is enough.
    <div className="mb-5 flex flex-col gap-5 has-[[role=alert]:empty]:mb-0">
      <PasskeyButton pending={pending} onClick={() => void start()} variant={variant}>
        Use a passkey
      </PasskeyButton>
      <FormProblem problem={problem} />
    </div>
  );
}

/** Nothing where the browser has no passkeys. */
export function PasskeyButton({ children, ...button }: ComponentProps<typeof Button>) {
  if (!useSupportsPasskeys()) return null;
  return (
    <Button pendingLabel="Waiting for your passkey…" {...button}>
      <KeyRound className="size-5" strokeWidth={1.6} aria-hidden="true" />
      {children}
    </Button>
  );
}

/** True on the server, because almost every browser supports passkeys: the page does not shift. */
export function useSupportsPasskeys(): boolean {
  return useSyncExternalStore(subscribeToNothing, supportsPasskeys, onServer);
}

const subscribeToNothing = () => () => {};
const onServer = () => true;
