import "server-only";
import { log } from "./log";

/** What happens to accounts and sessions, and how loudly it is said: a closed list, so that an alarm can rely on it. */
const EVENTS = {
  "account-registered": "info",
  "logged-in": "info",
  "login-refused": "warn",
  "login-overtaken": "info",
  "token-rotated": "info",
  "token-reissued": "info",
  /** A reply was lost and its token came back late: honest most of the time, and a sign of a thief some of it. */
  "session-recovered": "warn",
  /** Two holders of one session: it ended for both. */
  "session-replayed": "error",
  "session-ended": "info",
  /** The database could not be told of a logout. Until the sessions' own end is logged, they may live on other instances. */
  "logout-pending": "warn",
  "other-sessions-ended": "info",
  "all-sessions-ended": "info",
  /** More sessions of one account than may live at once: those seen least recently ended. */
  "oldest-sessions-ended": "info",
  "password-changed": "info",
  /** The table of limits does not answer: until it does, each instance allows what all of them together should. */
  "limits-counted-alone": "warn",
  "limits-counted-together": "info",
} as const;

export type SecurityEvent = keyof typeof EVENTS;

// Middleware and routes are separate bundles of one process: they count together.
const COUNTS = Symbol.for("portcullis.security-counts");
const shared = globalThis as typeof globalThis & { [COUNTS]?: Record<SecurityEvent, number> };
const counts = (shared[COUNTS] ??= Object.fromEntries(Object.keys(EVENTS).map((event) => [event, 0])) as Record<
  SecurityEvent,
  number
>);

/** One JSON line for whoever watches over attacks, and one more on its counter. Never a token, cookie or password. */
export function securityEvent(event: SecurityEvent, fields: Record<string, unknown>): void {
  counts[event] += 1;
  log[EVENTS[event]]({ event, ...fields }, "security event");
}

/** How often each event happened in this process since it began. */
export function securityCounts(): Readonly<Record<SecurityEvent, number>> {
  return { ...counts };
}
