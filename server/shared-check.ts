import "server-only";

/** Runs `check` once for all callers that ask while it runs or within `keptMilliseconds` after it succeeded. */
export function sharedCheck(check: () => Promise<boolean>, keptMilliseconds: number): () => Promise<boolean> {
  let shared: Promise<boolean> | null = null;
  return () => {
    if (shared !== null) return shared;
    const run = check();
    shared = run;
    const forget = () => (shared = null);
    run.then(() => setTimeout(forget, keptMilliseconds).unref(), forget);
    return run;
  };
}
