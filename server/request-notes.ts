import "server-only";
import { AsyncLocalStorage } from "node:async_hooks";
import type { SignedIn } from "./auth/policy/credentials";

/** What the request's log line will say of who sent it. */
export interface RequestNotes {
  requestId: string;
  sessionId?: string;
  userId?: string;
}

// The entry and the app are separate bundles of one process: they meet here. Only the log depends on it.
const NOTES = Symbol.for("portcullis.request");
const shared = globalThis as typeof globalThis & { [NOTES]?: AsyncLocalStorage<RequestNotes> };

export const requestNotes = (shared[NOTES] ??= new AsyncLocalStorage<RequestNotes>());

export function noteCaller(caller: SignedIn): void {
  const notes = requestNotes.getStore();
  if (notes === undefined) return;
  notes.sessionId = caller.session.id;
  notes.userId = caller.user.id;
}
