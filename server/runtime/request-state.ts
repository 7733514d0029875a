import "server-only";
import { AsyncLocalStorage } from "node:async_hooks";
import type { SignedIn } from "@/server/auth/policy/credentials";

/** What a limit leaves. */
export interface Quota {
  isExceeded: boolean;
  limit: number;
  remaining: number;
  resetSeconds: number;
}

/** What entry and app let each other know of a request. */
export interface RequestState {
  requestId: string;
  sessionId?: string;
  userId?: string;
  /** Of the tightest limit that this request has spent from. */
  quota?: Quota;
  /** Nobody waits for the answer any longer: the client hung up, or the request outlived its time. */
  isAborted?: true;
  /** Called once if the answer of the app cannot reach the client any longer. */
  onUndelivered?: () => void;
}

// The entry and the app are separate bundles of one process: they meet here.
const REQUEST_STATE = Symbol.for("portcullis.request-state");
const shared = globalThis as typeof globalThis & { [REQUEST_STATE]?: AsyncLocalStorage<RequestState> };

export const requestState = (shared[REQUEST_STATE] ??= new AsyncLocalStorage<RequestState>());

/** Runs `undo` if the answer to this request does not leave, now or later. */
export function onUndeliveredResponse(undo: () => void): void {
  const state = requestState.getStore();
  if (state?.isAborted) undo();
  else if (state !== undefined) state.onUndelivered = undo;
}

/** The client has hung up or was answered in the app's place; `hasLeft` says whether the head of the app's answer was sent before. */
export function recordAborted(state: RequestState, hasLeft: boolean): void {
  state.isAborted = true;
  const { onUndelivered } = state;
  delete state.onUndelivered;
  if (!hasLeft) onUndelivered?.();
}

export function recordCaller(caller: SignedIn): void {
  const state = requestState.getStore();
  if (state === undefined) return;
  state.sessionId = caller.session.id;
  state.userId = caller.user.id;
}

export function recordQuota(quota: Quota): void {
  const state = requestState.getStore();
  if (state !== undefined) state.quota = stricterOf(state.quota, quota);
}

/** The one that leaves less room, and for longer. */
export function stricterOf(one: Quota | null | undefined, other: Quota): Quota {
  if (!one || other.isExceeded) return other;
  if (one.isExceeded || one.remaining < other.remaining) return one;
  return other.remaining < one.remaining || other.resetSeconds > one.resetSeconds ? other : one;
}

/** What a line of the log says of its request. */
export function logFieldsOf({ requestId, sessionId, userId }: Partial<RequestState> = {}) {
  return { requestId, sessionId, userId };
}
