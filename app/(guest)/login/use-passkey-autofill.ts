"use client";

import { useEffect, useEffectEvent } from "react";
import { authClient } from "@/app/auth/auth-client";
import { stopSuggestingPasskeys, suggestPasskeys, supportsPasskeyAutofill } from "@/app/auth/passkey";
import type { PasskeyResponse } from "@/app/auth/use-passkey-request";
import { CHALLENGE_SECONDS } from "@/server/auth/policy/lifetimes";

const CHECK_INTERVAL_MS = 5_000;
/** Leaves a user who has chosen a passkey the time to be verified. */
const RENEW_AFTER_MS = (CHALLENGE_SECONDS - 60) * 1000;

/** Suggests passkeys in the email field, unless it is paused: a page can have one request for a passkey at a time. */
export function usePasskeyAutofill(isPaused: boolean, onResponse: (response: PasskeyResponse) => void): void {
  const onChosen = useEffectEvent(onResponse);
  useEffect(() => {
    if (isPaused) return;
    return startSuggestions((response) => onChosen(response));
  }, [isPaused]);
}

/** Optional: errors are not shown, the button and the password remain. Returns a function that stops. */
function startSuggestions(onResponse: (response: PasskeyResponse) => void): () => void {
  let isStopped = false;
  let isOpen = false;
  let begunAt = Number.NEGATIVE_INFINITY;

  async function suggest(): Promise<void> {
    begunAt = Date.now();
    if (!(await supportsPasskeyAutofill()) || isStopped) return;
    const options = await authClient.auth.beginPasskeyLogin.mutate();
    if (isStopped) return;
    isOpen = true;
    const response = await suggestPasskeys(options);
    isOpen = false;
    if (!isStopped) onResponse({ ...response });
  }

  function renew(): void {
    // Without the focus, a dialog of the browser may be open for the current request, or the tab is in the background.
    if (document.hasFocus() && Date.now() - begunAt > RENEW_AFTER_MS) suggest().catch(() => {});
  }

  renew();
  const timer = setInterval(renew, CHECK_INTERVAL_MS);
  addEventListener("focus", renew);
  return () => {
    isStopped = true;
    clearInterval(timer);
    removeEventListener("focus", renew);
    if (isOpen) void stopSuggestingPasskeys();
  };
}
