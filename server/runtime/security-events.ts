import "server-only";
import { log } from "./log";

/** The security events and their log levels. The list is closed, so that alerts can rely on the names. */
const EVENTS = {
  "account-registered": "info",
  "logged-in": "info",
  "login-refused": "warn",
  "login-superseded": "info",
  "token-rotated": "info",
  "token-reissued": "info",
  /** A response was lost and the previous token was presented late: usually a bad connection, possibly a stolen token. */
  "session-recovered": "warn",
  /** The database has lost the rotation that created a token, by a fail-over or a restore: the session continues with that token. */
  "session-ahead": "warn",
  /** A fail-over or a restore may have lost commits: this instance has written again the revocations that it knows. */
  "revocations-written-again": "warn",
  /** A retired refresh token was presented by another client: the session was ended for both. */
  "session-replayed": "error",
  "session-ended": "info",
  /** A logout could not be written to the database. Until `session-ended` is logged, other instances may accept the sessions. */
  "logout-pending": "warn",
  "other-sessions-ended": "info",
  "all-sessions-ended": "info",
  /** The account had more live sessions than the maximum: the least recently seen ones were ended. */
  "oldest-sessions-ended": "info",
  "password-changed": "info",
  "verification-requested": "info",
  "email-verified": "info",
  "reset-requested": "info",
  "password-reset": "info",
  "email-change-requested": "info",
  "email-changed": "info",
  /** The owner of an address restored it after a change that they did not make. */
  "email-reverted": "error",
  /** The owner reported what a notice told them: all sessions were ended. */
  "not-me": "error",
  /** A link or code that does not confirm: spent, forged or guessed. */
  "confirmation-refused": "warn",
  "account-exported": "info",
  "deletion-requested": "warn",
  "deletion-undone": "warn",
  /** An account was deleted, 14 days after the request. */
  "account-purged": "info",
  "second-factor-required": "info",
  /** A wrong code or passkey after the right password. */
  "second-factor-refused": "warn",
  "factor-added": "info",
  "factor-removed": "warn",
  "recovery-code-used": "warn",
  /** The signature counter of a passkey went back: it may have been copied. */
  "passkey-counter-back": "warn",
  "step-up": "info",
  "step-up-refused": "warn",
  /** The rate limit table is unavailable: each instance counts in memory, so the limit applies per instance. */
  "rate-limit-degraded": "warn",
  "rate-limit-restored": "info",
  "mail-sent": "info",
  /** An attempt failed and will be repeated. */
  "mail-delayed": "warn",
  /** The mail server refused the mail for good, or did not accept it within a day: it will not be sent. */
  "mail-failed": "error",
} as const;

export type SecurityEvent = keyof typeof EVENTS;

// Middleware and routes are separate bundles of one process and share the counters.
const COUNTS = Symbol.for("portcullis.security-counts");
const shared = globalThis as typeof globalThis & { [COUNTS]?: Record<SecurityEvent, number> };
const counts = (shared[COUNTS] ??= Object.fromEntries(Object.keys(EVENTS).map((event) => [event, 0])) as Record<
  SecurityEvent,
  number
>);

/** Logs a security event and increments its counter. Never pass a token, cookie or password in `fields`. */
export function securityEvent(event: SecurityEvent, fields: Record<string, unknown>): void {
  counts[event] += 1;
  log[EVENTS[event]]({ event, ...fields }, "security event");
}

/** Number of each event in this process since it started. */
export function securityCounts(): Readonly<Record<SecurityEvent, number>> {
  return { ...counts };
}
