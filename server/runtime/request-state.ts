import "server-only";
import { AsyncLocalStorage } from "node:async_hooks";
import type { Identity } from "@/server/auth/policy/credentials";

/** The state of a rate limit after a hit. */
export interface Quota {
  isExceeded: boolean;
  limit: number;
  remaining: number;
  resetSeconds: number;
}

/** State of a request that the entry and the app share. */
export interface RequestState {
  requestId: string;
  sessionId?: string;
  userId?: string;
  /** Of the strictest rate limit that counted this request. */
  quota?: Quota;
  /** The client disconnected, or the request timed out. */
  isAborted?: true;
  /** Called once if the app's response cannot be delivered. */
  onUndelivered?: () => void;
}

// The entry and the app are separate bundles of one process and share this storage.
const REQUEST_STATE = Symbol.for("portcullis.request-state");
const shared = globalThis as typeof globalThis & { [REQUEST_STATE]?: AsyncLocalStorage<RequestState> };

export const requestState = (shared[REQUEST_STATE] ??= new AsyncLocalStorage<RequestState>());

/** Runs `undo` if the response to this request cannot be delivered, at once if that is already known. */
export function onUndeliveredResponse(undo: () => void): void {
  const state = requestState.getStore();
  if (state?.isAborted) undo();
  else if (state !== undefined) state.onUndelivered = undo;
}

/** The client disconnected, or the entry responded in place of the app. `headersSent`: whether the app's response had begun. */
export function recordAborted(state: RequestState, headersSent: boolean): void {
  state.isAborted = true;
  const { onUndelivered } = state;
  delete state.onUndelivered;
  if (!headersSent) onUndelivered?.();
}

export function recordCaller(caller: Identity): void {
  const state = requestState.getStore();
  if (state === undefined) return;
  state.sessionId = caller.session.id;
  state.userId = caller.user.id;
}

export function recordQuota(quota: Quota): void {
  const state = requestState.getStore();
  if (state !== undefined) state.quota = stricterOf(state.quota, quota);
}

/** The quota with fewer remaining hits; if equal, the one that resets later. */
export function stricterOf(one: Quota | null | undefined, other: Quota): Quota {
  if (!one || other.isExceeded) return other;
  if (one.isExceeded || one.remaining < other.remaining) return one;
  return other.remaining < one.remaining || other.resetSeconds > one.resetSeconds ? other : one;
}

export function logFieldsOf({ requestId, sessionId, userId }: Partial<RequestState> = {}) {
  return { requestId, sessionId, userId };
}
