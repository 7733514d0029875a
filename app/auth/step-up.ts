"use client";

import { useSyncExternalStore } from "react";
import { onAbort } from "./abortable-fetch";

/** "aborted": the account of this browser is about to change. */
type Outcome = "confirmed" | "cancelled" | "aborted";

/** One question to the user, which all calls that need a recent login wait for. */
export interface StepUpRequest {
  outcome: Promise<Outcome>;
  settle: (outcome: Outcome) => void;
}

let current: StepUpRequest | null = null;
let confirmedAt = Number.NEGATIVE_INFINITY;
const listeners = new Set<() => void>();

/** For a call sent at `sentAt` (`performance.now()`) that the server refused: asks the user to authenticate again. */
export async function confirmIdentity(sentAt: number): Promise<Outcome> {
  // A slow response to a call that was sent before the user confirmed.
  if (sentAt < confirmedAt) return "confirmed";
  return (current ??= createRequest()).outcome;
}

/** The request to show, or null. */
export function useStepUpRequest(): StepUpRequest | null {
  return useSyncExternalStore(subscribe, () => current, onServer);
}

function createRequest(): StepUpRequest {
  let resolve!: (outcome: Outcome) => void;
  const outcome = new Promise<Outcome>((settle) => (resolve = settle));
  const request: StepUpRequest = { outcome, settle };
  onAbort(() => settle("aborted"));
  queueMicrotask(notify);
  return request;

  function settle(outcome: Outcome) {
    if (current !== request) return;
    current = null;
    if (outcome === "confirmed") confirmedAt = performance.now();
    resolve(outcome);
    notify();
  }
}

function notify(): void {
  for (const listener of listeners) listener();
}

function subscribe(listener: () => void): () => void {
  listeners.add(listener);
  return () => void listeners.delete(listener);
}

const onServer = () => null;
