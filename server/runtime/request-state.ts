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
  cutShort?: true;
  /** Called once if the answer of the app cannot reach the client any longer. */
  onUndelivered?: () => void;
}

// The entry and the app are separate bundles of one process: they meet here.
const NOTES = Symbol.for("portcullis.request");
const shared = globalThis as typeof globalThis & { [NOTES]?: AsyncLocalStorage<RequestState> };

export const requestState = (shared[NOTES] ??= new AsyncLocalStorage<RequestState>());

/** Runs `undo` if the answer to this request does not leave, now or later. */
export function ifUndelivered(undo: () => void): void {
  const notes = requestState.getStore();
  if (notes?.cutShort) undo();
  else if (notes !== undefined) notes.onUndelivered = undo;
}

/** The client has hung up or was answered in the app's place; `hasLeft` says whether the head of the app's answer was sent before. */
export function recordAborted(notes: RequestState, hasLeft: boolean): void {
  notes.cutShort = true;
  const { onUndelivered } = notes;
  delete notes.onUndelivered;
  if (!hasLeft) onUndelivered?.();
}

export function recordCaller(caller: SignedIn): void {
  const notes = requestState.getStore();
  if (notes === undefined) return;
  notes.sessionId = caller.session.id;
  notes.userId = caller.user.id;
}

export function recordQuota(quota: Quota): void {
  const notes = requestState.getStore();
  if (notes !== undefined) notes.quota = stricterOf(notes.quota, quota);
}

/** The one that leaves less room, and for longer. */
export function stricterOf(one: Quota | null | undefined, other: Quota): Quota {
  if (!one || other.isExceeded) return other;
  if (one.isExceeded || one.remaining < other.remaining) return one;
  return other.remaining < one.remaining || other.resetSeconds > one.resetSeconds ? other : one;
}

/** What a line of the log says of its request. */
export function loggedFields({ requestId, sessionId, userId }: Partial<RequestState> = {}) {
  return { requestId, sessionId, userId };
}
