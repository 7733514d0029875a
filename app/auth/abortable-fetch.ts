/** Aborts all requests of this tab, so that no response to one user reaches the next. */
let controller = new AbortController();
let resumeListeners: (() => void)[] = [];

const ABORTED = new Error("The account is about to change");

export function abortRequests(): void {
  controller.abort(ABORTED);
  controller = new AbortController();
}

/** Repeats the aborted requests after a login or logout that failed. */
export function resumeRequests(): void {
  const listeners = resumeListeners;
  resumeListeners = [];
  for (const listener of listeners) listener();
}

export function onResume(listener: () => void): void {
  resumeListeners.push(listener);
}

export function onAbort(listener: () => void): void {
  controller.signal.addEventListener("abort", listener, { once: true });
}

export function wasAborted(error: { cause?: unknown }): boolean {
  return error.cause === ABORTED;
}

/** fetch that `abortRequests` can abort. */
export const abortableFetch: typeof fetch = (input, init) => {
  const signals = [controller.signal, init?.signal].filter((signal) => signal != null);
  return fetch(input, { ...init, signal: AbortSignal.any(signals) });
};
