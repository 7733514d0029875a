/** Every duration of a session, in whole seconds. */
export interface Lifetimes {
  accessTokenSeconds: number;
  refreshBeforeExpirySeconds: number;
  refreshGraceSeconds: number;
  refreshTokenSeconds: number;
  sessionMaxSeconds: number;
}

/** A thief may hold the grace window open by coming back inside it, but not longer than this many windows. */
export const MAX_GRACE_WINDOWS = 10;

/** The server cuts every request off at this age, or at half the grace window where that is shorter. */
export const MAX_REQUEST_SECONDS = 12;

/** A slow database is given up on: the gate has a better answer than waiting. */
const MAX_REFRESH_SECONDS = 5;

/** Clocks of two instances may differ by this much before a token counts as issued in the future. */
export const ISSUED_AT_TOLERANCE_SECONDS = 30;

/** Once a second each instance asks which sessions were revoked; older news than this is not trusted. */
export const REVOCATION_POLL_SECONDS = 1;
export const REVOCATION_STALE_SECONDS = 10;
/** Commits become visible out of order: each read of the feed goes back this far behind the one before. */
export const REVOCATION_OVERLAP_SECONDS = 15;

/** How many sessions of one account may live at the same time: opening one more ends those that were seen least recently. */
export const MAX_LIVE_SESSIONS = 100;

/** Ended sessions stay this long, so that a device that was signed in before is still known. */
export const ENDED_SESSION_RETENTION_SECONDS = 30 * 24 * 3600;

export function secondsAfter(instant: Date, seconds: number): Date {
  return new Date(instant.getTime() + seconds * 1000);
}

export function secondsBetween(earlier: Date, later: Date): number {
  return (later.getTime() - earlier.getTime()) / 1000;
}

export function earlierOf(one: Date, other: Date): Date {
  return one.getTime() <= other.getTime() ? one : other;
}

/** Cut-off age of a request: a reply that outlives half the grace window could undo a newer one. */
export function requestTimeoutSeconds(refreshGraceSeconds: number): number {
  return Math.min(MAX_REQUEST_SECONDS, refreshGraceSeconds / 2);
}

/**
 * How long the work of one refresh may take. It is judged by the instant it began at, and parallel requests share it, so
 * a request's life and twice this must fit into the grace window, with room for the way there.
 */
export function refreshTimeoutSeconds(refreshGraceSeconds: number): number {
  return Math.min(MAX_REFRESH_SECONDS, refreshGraceSeconds / 6);
}

/**
 * When a token should be renewed. A token cut short by the session's absolute limit is renewed half-way at the
 * earliest, so that one just made is never due already.
 */
export function refreshDueAt(issuedAt: Date, expiresAt: Date, refreshBeforeExpirySeconds: number): Date {
  const life = secondsBetween(issuedAt, expiresAt);
  return secondsAfter(expiresAt, -Math.min(refreshBeforeExpirySeconds, life / 2));
}
