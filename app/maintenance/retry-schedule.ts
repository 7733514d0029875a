const FIRST_DELAY_SECONDS = 2;
const MAX_DELAY_SECONDS = 60;
/** By HTTP status: after a rate limit or with a bad cookie an immediate retry would fail again. */
const MINIMUM_DELAY_SECONDS: Partial<Record<number, number>> = { 429: 15, 400: 30 };
/** Being sent here again this soon after a return means that the return failed. */
const FAILED_RETURN_SECONDS = 120;

/** Earlier returns of this tab, to distinguish a failed return from a new outage. */
export interface ReturnHistory {
  count: number;
  /** Milliseconds since 1970. */
  lastAt: number;
}

/** The number of consecutive failed returns. */
export function countFailedReturns(history: ReturnHistory | null, now: number): number {
  if (history === null || now - history.lastAt > FAILED_RETURN_SECONDS * 1000) return 0;
  return history.count;
}

/** The delay before the first automatic attempt. The button ignores it. */
export function minimumDelaySeconds(status: number, failedReturns: number): number {
  const minimum = MINIMUM_DELAY_SECONDS[status] ?? 0;
  if (failedReturns === 0) return minimum;
  return Math.min(MAX_DELAY_SECONDS, Math.max(minimum, FIRST_DELAY_SECONDS) * 2 ** failedReturns);
}

/** Exponential backoff with jitter, so that clients do not retry in step. `random` is from 0 to 1. */
export function backoffSeconds(attempts: number, random: number): number {
  const wait = Math.min(MAX_DELAY_SECONDS, FIRST_DELAY_SECONDS * 2 ** attempts);
  return wait * (0.75 + random / 2);
}
