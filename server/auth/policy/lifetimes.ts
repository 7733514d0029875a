import type { Purpose } from "./confirmations";

/** Every duration of a session, in whole seconds. */
export interface Lifetimes {
  accessTokenSeconds: number;
  refreshBeforeExpirySeconds: number;
  refreshGraceSeconds: number;
  refreshTokenSeconds: number;
  sessionMaxSeconds: number;
}

/** Reissues extend the grace window, but not beyond this many windows: otherwise a thief could keep it open. */
export const MAX_GRACE_WINDOWS = 10;

/** Every request times out at this age, or at half the grace window where that is shorter. */
export const MAX_REQUEST_SECONDS = 12;

/** Upper bound for a refresh: with a slow database the gate responds instead of waiting. */
const MAX_REFRESH_SECONDS = 5;

/** Clocks of two instances may differ by this much before a token counts as issued in the future. */
export const ISSUED_AT_TOLERANCE_SECONDS = 30;

/** The longest replication lag that is supported: until then a database may not have a row that another one has committed. */
export const MAX_REPLICATION_LAG_SECONDS = 60;

/** Each instance polls for revoked sessions at this interval, and does not rely on a feed older than the second value. */
export const REVOCATION_POLL_SECONDS = 1;
export const REVOCATION_STALE_SECONDS = 10;
/** Commits become visible out of order, and later on a node that lags: each read of the feed starts this far before the previous one. */
export const REVOCATION_OVERLAP_SECONDS = 15 + MAX_REPLICATION_LAG_SECONDS;

/** How long an instance keeps what it knows to be revoked: as long as a token may live that a node which lags still issued. */
export function revocationMemorySeconds(accessTokenSeconds: number): number {
  return accessTokenSeconds + REVOCATION_OVERLAP_SECONDS;
}

/** A bearer token lives at most this long, and never longer than a cookie's access token: the revocation feed forgets a session after that. */
export const MAX_BEARER_TOKEN_SECONDS = 15 * 60;

/** Each instance reads the signing keys of bearer tokens at this interval. */
export const KEY_POLL_SECONDS = 1;

/**
 * A new key is published this long before it signs. A cache keeps the key set for `KEY_SET_MAX_AGE_SECONDS`, and verifiers keep it
 * besides: jose for 10 minutes.
 */
export const KEY_PUBLICATION_SECONDS = 15 * 60;
export const KEY_SET_MAX_AGE_SECONDS = 5 * 60;

/** A former key is published this much longer than its last token lives: for clocks of verifiers, and instances that read late. */
export const KEY_TOLERANCE_SECONDS = 60;

/** A key that is no longer accepted is kept this long, so that an operator can see what happened to it. */
export const DROPPED_KEY_RETENTION_SECONDS = 24 * 3600;

/** Live sessions per account: opening one more ends the least recently seen. */
export const MAX_LIVE_SESSIONS = 100;

/** Ended sessions are kept this long, so that a device that was signed in before is recognised. */
export const ENDED_SESSION_RETENTION_SECONDS = 30 * 24 * 3600;

/** Between the request to delete an account and its purge: until then the deletion can be undone. */
export const DELETION_DELAY_SECONDS = 14 * 24 * 3600;

/** How long a link sent by mail is valid, from the time at which it is first sent. */
export const CONFIRMATION_SECONDS: Readonly<Record<Purpose, number>> = {
  "verify-email": 24 * 3600,
  "reset-password": 60 * 60,
  "change-email": 24 * 3600,
  "revert-email": 7 * 24 * 3600,
  "not-me": 7 * 24 * 3600,
  "undo-deletion": DELETION_DELAY_SECONDS,
};

/** Links are kept this long after their end, so that a late press is told what happened to them. */
export const ENDED_CONFIRMATION_RETENTION_SECONDS = 30 * 24 * 3600;

/** Several notices of one kind within this time are one mail. */
export const NOTICE_SECONDS = 60;

/** For procedures that change credentials, delete the account or export its data: the last authentication may be this old. */
export const STEP_UP_WITHIN_SECONDS = 5 * 60;

/** Between the password and the second factor of a login; also the time for a ceremony of WebAuthn. */
export const CHALLENGE_SECONDS = 5 * 60;

/** Challenges are kept this long after their end. */
export const CHALLENGE_RETENTION_SECONDS = 24 * 3600;

/** Mails are kept this long after they were written, so that an operator can see which were sent, and when. */
export const MAIL_RETENTION_SECONDS = 30 * 24 * 3600;

/** The longest life of a link: a mail in a file is deleted after it. */
export const MAX_LINK_SECONDS = 14 * 24 * 3600;

export function secondsAfter(instant: Date, seconds: number): Date {
  return new Date(instant.getTime() + seconds * 1000);
}

export function secondsBetween(earlier: Date, later: Date): number {
  return (later.getTime() - earlier.getTime()) / 1000;
}

export function earlierOf(one: Date, other: Date): Date {
  return one.getTime() <= other.getTime() ? one : other;
}

export function laterOf(one: Date, other: Date): Date {
  return one.getTime() >= other.getTime() ? one : other;
}

/** A response that arrives after half the grace window could overwrite the cookies of a newer one. */
export function requestTimeoutSeconds(refreshGraceSeconds: number): number {
  return Math.min(MAX_REQUEST_SECONDS, refreshGraceSeconds / 2);
}

/**
 * How long one refresh may take. It is judged by its start time and shared by parallel requests, so the request timeout plus
 * twice this value must fit into the grace window, with room for network latency.
 */
export function refreshTimeoutSeconds(refreshGraceSeconds: number): number {
  return Math.min(MAX_REFRESH_SECONDS, refreshGraceSeconds / 6);
}

/**
 * When a token should be renewed. A token shortened by the session's absolute limit is renewed half-way through its
 * lifetime, so that a new token is never due.
 */
export function refreshDueAt(issuedAt: Date, expiresAt: Date, refreshBeforeExpirySeconds: number): Date {
  const life = secondsBetween(issuedAt, expiresAt);
  return secondsAfter(expiresAt, -Math.min(refreshBeforeExpirySeconds, life / 2));
}
