import { withNext } from "./next-path";
import { LOGIN, MAINTENANCE } from "./routes";

/** The answer to a call, as the browser sees it. */
export interface FailedAnswer {
  /** Null if no answer came at all. */
  status: number | null;
  /** Whether a page cannot be shown without it. Forms and background calls report their failures in place. */
  isNavigational: boolean;
  /** How often this very call was repeated already. */
  repeats: number;
  /** Path and query of the page that asked. */
  path: string;
}

export type AnswerDecision =
  | { kind: "repeat" }
  | { kind: "leave"; to: string }
  /** Let the page say it. */
  | { kind: "report" };

/** The browser's side of the gate: what to do when a call fails. */
export function decideAfterAnswer({ status, isNavigational, repeats, path }: FailedAnswer): AnswerDecision {
  if (status === 401) return repeats === 0 ? { kind: "repeat" } : { kind: "leave", to: withNext(LOGIN, path) };
  if (isNavigational && status !== null && (status === 429 || status >= 500)) {
    return { kind: "leave", to: withNext(MAINTENANCE, path, { status: String(status) }) };
  }
  return { kind: "report" };
}

/** Leaving a page because of a failed call again so soon would be a loop: the page says what failed instead. */
export function mayLeaveAgain(leftAtMilliseconds: number | null, nowMilliseconds: number): boolean {
  return leftAtMilliseconds === null || Math.abs(nowMilliseconds - leftAtMilliseconds) > 10_000;
}
