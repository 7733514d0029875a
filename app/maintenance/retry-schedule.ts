const FIRST_WAIT_SECONDS = 2;
const LONGEST_WAIT_SECONDS = 60;
/** Whoever asked too often, or carries a cookie that does harm, gains nothing by coming back at once. */
const QUIET_SECONDS: Partial<Record<number, number>> = { 429: 15, 400: 30 };
/** Somebody sent here again this soon after returning was not helped by returning. */
const RELAPSE_SECONDS = 120;

/** What is remembered of earlier returns, to tell a relapse from a new trouble. */
export interface Returns {
  count: number;
  /** Milliseconds since 1970. */
  lastAt: number;
}

/** How often in a row returning did not help. */
export function countRelapses(returns: Returns | null, now: number): number {
  if (returns === null || now - returns.lastAt > RELAPSE_SECONDS * 1000) return 0;
  return returns.count;
}

/** No try before this many seconds, except by the person's own hand. */
export function quietSeconds(status: number, relapses: number): number {
  const first = QUIET_SECONDS[status] ?? 0;
  if (relapses === 0) return first;
  return Math.min(LONGEST_WAIT_SECONDS, Math.max(first, FIRST_WAIT_SECONDS) * 2 ** relapses);
}

/** From one try to the next: twice as long each time, and never in step with everybody else. `chance` is from 0 to 1. */
export function waitSeconds(tries: number, chance: number): number {
  const wait = Math.min(LONGEST_WAIT_SECONDS, FIRST_WAIT_SECONDS * 2 ** tries);
  return wait * (0.75 + chance / 2);
}
