"use client";

import { useSyncExternalStore } from "react";
import type { AuthenticationMethod } from "@/server/auth/policy/authentication-methods";
import { onAbort } from "./abortable-fetch";

/** "aborted": the account of this browser is about to change. */
type Outcome = "confirmed" | "cancelled" | "aborted";

/** One question to the user, which all calls that need a recent login wait for. */
export interface StepUpRequest {
  /** What all waiting calls accept. Fewer when a call joins that accepts fewer. */
  methods: readonly AuthenticationMethod[];
  outcome: Promise<Outcome>;
  confirm: (method: AuthenticationMethod) => void;
  cancel: () => void;
}

let current: StepUpRequest | null = null;
let confirmed: { at: number; method: AuthenticationMethod } | null = null;
const listeners = new Set<() => void>();

/**
 * For a call sent at `sentAt` (`performance.now()`) that the server refused: asks the user to authenticate again, by one of the methods
 * of the refusal.
 */
export async function confirmIdentity(sentAt: number, methods: readonly AuthenticationMethod[]): Promise<Outcome> {
  // A slow response to a call that was sent before the user confirmed, by a method that is enough for it.
  if (confirmed !== null && sentAt < confirmed.at && methods.includes(confirmed.method)) return "confirmed";
  if (current === null) current = createRequest(methods);
  else current = { ...current, methods: current.methods.filter((method) => methods.includes(method)) };
  queueMicrotask(notify);
  return current.outcome;
}

/** The request to show, or null. */
export function useStepUpRequest(): StepUpRequest | null {
  return useSyncExternalStore(subscribe, openStepUp, onServer);
}

export function openStepUp(): StepUpRequest | null {
  return current;
}

function createRequest(methods: readonly AuthenticationMethod[]): StepUpRequest {
  let resolve!: (outcome: Outcome) => void;
  const outcome = new Promise<Outcome>((settle) => (resolve = settle));
  onAbort(() => settle("aborted"));
  const confirm = (method: AuthenticationMethod) => settle("confirmed", method);
  return { methods, outcome, confirm, cancel: () => settle("cancelled") };

  function settle(result: Outcome, method?: AuthenticationMethod) {
    if (current?.outcome !== outcome) return;
    current = null;
    if (method !== undefined) confirmed = { at: performance.now(), method };
    resolve(result);
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
