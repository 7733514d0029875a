const FIRST_DELAY_SECONDS = 2;
const MAX_DELAY_SECONDS = 60;
/** Whoever asked too often, or carries a cookie that does harm, gains nothing by coming back at once. */
const MINIMUM_DELAY_SECONDS: Partial<Record<number, number>> = { 429: 15, 400: 30 };
/** Somebody sent here again this soon after returning was not helped by returning. */
const FAILED_RETURN_SECONDS = 120;

/** What is remembered of earlier returns, to tell a relapse from a new trouble. */
export interface ReturnHistory {
  count: number;
  /** Milliseconds since 1970. */
  lastAt: number;
}

/** How often in a row returning did not help. */
export function countFailedReturns(history: ReturnHistory | null, now: number): number {
  if (history === null || now - history.lastAt > FAILED_RETURN_SECONDS * 1000) return 0;
  return history.count;
}

/** No try before this many seconds, except by the person's own hand. */
export function minimumDelaySeconds(status: number, failedReturns: number): number {
  const minimum = MINIMUM_DELAY_SECONDS[status] ?? 0;
  if (failedReturns === 0) return minimum;
  return Math.min(MAX_DELAY_SECONDS, Math.max(minimum, FIRST_DELAY_SECONDS) * 2 ** failedReturns);
}

/** From one try to the next: twice as long each time, and never in step with everybody else. `random` is from 0 to 1. */
export function backoffSeconds(attempts: number, random: number): number {
  const wait = Math.min(MAX_DELAY_SECONDS, FIRST_DELAY_SECONDS * 2 ** attempts);
  return wait * (0.75 + random / 2);
}
