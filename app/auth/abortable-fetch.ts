/** One switch for all calls of this tab: nothing asked by one person may be answered to the next. */
let current = new AbortController();
let waiting: (() => void)[] = [];

const ABORTED = new Error("The account is about to change");

export function abortCalls(): void {
  current.abort(ABORTED);
  current = new AbortController();
}

/** The account stayed as it was: what was aborted is asked again. */
export function resumeCalls(): void {
  const askAgain = waiting;
  waiting = [];
  for (const ask of askAgain) ask();
}

export function whenResumed(ask: () => void): void {
  waiting.push(ask);
}

export function wasAborted(error: { cause?: unknown }): boolean {
  return error.cause === ABORTED;
}

/** fetch, ended early by `abortCalls`. */
export const abortableFetch: typeof fetch = (input, init) => {
  const signals = [current.signal, init?.signal].filter((signal) => signal != null);
  return fetch(input, { ...init, signal: AbortSignal.any(signals) });
};
