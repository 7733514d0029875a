/** One switch for all calls of this tab: nothing asked by one person may be answered to the next. */
let controller = new AbortController();
let resumeListeners: (() => void)[] = [];

const ABORTED = new Error("The account is about to change");

export function abortRequests(): void {
  controller.abort(ABORTED);
  controller = new AbortController();
}

/** The account stayed as it was: what was aborted is asked again. */
export function resumeRequests(): void {
  const listeners = resumeListeners;
  resumeListeners = [];
  for (const listener of listeners) listener();
}

export function onResume(listener: () => void): void {
  resumeListeners.push(listener);
}

export function wasAborted(error: { cause?: unknown }): boolean {
  return error.cause === ABORTED;
}

/** fetch, ended early by `abortCalls`. */
export const abortableFetch: typeof fetch = (input, init) => {
  const signals = [controller.signal, init?.signal].filter((signal) => signal != null);
  return fetch(input, { ...init, signal: AbortSignal.any(signals) });
};
