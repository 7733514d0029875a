/** One switch for all calls of this tab: nothing asked by one person may be answered to the next. */
let current = new AbortController();

export function abortCalls(): void {
  current.abort();
  current = new AbortController();
}

/** fetch, ended early by `abortCalls`. */
export const abortableFetch: typeof fetch = (input, init) => {
  const signals = [current.signal, init?.signal].filter((signal) => signal != null);
  return fetch(input, { ...init, signal: AbortSignal.any(signals) });
};
