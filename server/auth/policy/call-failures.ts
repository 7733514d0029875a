import { withNext } from "./next-path";
import { LOGIN, MAINTENANCE } from "./routes";

/** The answer to a call, as the browser sees it. */
export interface FailedCall {
  /** Null if no answer came at all. */
  status: number | null;
  /** Whether a page cannot be shown without it. Forms and background calls report their failures in place. */
  isNavigational: boolean;
  /** How often this very call was repeated already. */
  retries: number;
  /** Path and query of the page that asked. */
  path: string;
}

export type FailureDecision =
  | { kind: "retry" }
  | { kind: "navigate"; to: string }
  /** Let the page say it. */
  | { kind: "report" };

/** The browser's side of the gate: what to do when a call fails. */
export function decideAfterFailure({ status, isNavigational, retries, path }: FailedCall): FailureDecision {
  if (status === 401) return retries === 0 ? { kind: "retry" } : { kind: "navigate", to: withNext(LOGIN, path) };
  if (isNavigational && status !== null && (status === 429 || status >= 500)) {
    return { kind: "navigate", to: withNext(MAINTENANCE, path, { status: String(status) }) };
  }
  return { kind: "report" };
}

/** Leaving a page because of a failed call again so soon would be a loop: the page says what failed instead. */
export function mayNavigateAgain(navigatedAtMilliseconds: number | null, nowMilliseconds: number): boolean {
  return navigatedAtMilliseconds === null || Math.abs(nowMilliseconds - navigatedAtMilliseconds) > 10_000;
}
