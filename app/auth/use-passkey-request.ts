"use client";

import type { PublicKeyCredentialRequestOptionsJSON } from "@simplewebauthn/browser";
import { useState } from "react";
import type { Problem } from "@/app/ui/use-form";
import { describeFailure } from "./failure";
import { askForPasskey } from "./passkey";

/** The JSON form of a response to a WebAuthn request, as procedures take it. */
export type PasskeyResponse = Record<string, unknown>;

interface PasskeyRequestOptions {
  begin: () => Promise<PublicKeyCredentialRequestOptionsJSON>;
  /** Sends the response; returns null on success. Must not throw. */
  send: (response: PasskeyResponse) => Promise<Problem | null>;
  /** Called after success. Without it the button stays pending, for pages that are left. */
  onDone?: () => void;
}

/** Asks for a passkey and sends the response. */
export function usePasskeyRequest({ begin, send, onDone }: PasskeyRequestOptions) {
  const [pending, setPending] = useState(false);
  const [problem, setProblem] = useState<Problem | null>(null);

  async function run(getResponse: () => Promise<PasskeyResponse>): Promise<void> {
    setPending(true);
    setProblem(null);
    const failure = await getResponse().then(send).catch(describeFailure);
    if (failure === null && !onDone) return;
    setPending(false);
    setProblem(failure);
    if (failure === null) onDone?.();
  }

  return {
    pending,
    problem,
    start: () => run(async () => ({ ...(await askForPasskey(await begin())) })),
    /** For a response to a suggestion in a field. */
    submit: (response: PasskeyResponse) => run(async () => response),
    clearProblem: () => setProblem(null),
  };
}
