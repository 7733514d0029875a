import { withNext } from "./next-path";
import type { Reason } from "./refusals";
import { LOGIN, MAINTENANCE } from "./routes";

/** A failed call, as the browser sees it. */
export interface FailedCall {
  /** Null if there was no response. */
  status: number | null;
  reason: Reason | null;
  /** Whether the page cannot be shown without the result. Forms and background calls report failures in place. */
  isNavigational: boolean;
  /** How often this call was retried already. */
  retries: number;
  /** Whether the user has confirmed their identity for this call already. */
  isConfirmed: boolean;
  /** Path and query of the page that made the call. */
  path: string;
}

export type FailureDecision =
  | { kind: "retry" }
  /** Ask the user to authenticate again, then repeat the call. */
  | { kind: "step-up" }
  | { kind: "navigate"; to: string }
  /** The page shows the error. */
  | { kind: "report" };

/** Decides in the browser what to do after a failed call. */
export function decideAfterFailure(call: FailedCall): FailureDecision {
  const { status, reason, isNavigational, retries, isConfirmed, path } = call;
  // Once: a browser that does not keep the new cookie would be asked forever.
  if (reason === "STEP_UP_REQUIRED") return { kind: isConfirmed ? "report" : "step-up" };
  // A wrong code does not mean "signed out". A second attempt with it would count, too.
  if (reason === "SECOND_FACTOR_WRONG") return { kind: "report" };
  if (status === 401) return retries === 0 ? { kind: "retry" } : { kind: "navigate", to: withNext(LOGIN, path) };
  if (isNavigational && status !== null && (status === 429 || status >= 500)) {
    return { kind: "navigate", to: withNext(MAINTENANCE, path, { status: String(status) }) };
  }
  return { kind: "report" };
}

/** A second navigation within 10 s because of a failed call would be a loop: the page shows the error instead. */
export function mayNavigateAgain(navigatedAtMilliseconds: number | null, nowMilliseconds: number): boolean {
  return navigatedAtMilliseconds === null || Math.abs(nowMilliseconds - navigatedAtMilliseconds) > 10_000;
}
