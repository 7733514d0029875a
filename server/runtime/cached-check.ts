import "server-only";

/** Runs `check` once for all callers that ask while it runs or within `keptMilliseconds` after it answered. */
export function cachedCheck(check: () => Promise<boolean>, keptMilliseconds: number): () => Promise<boolean> {
  let shared: Promise<boolean> | null = null;
  let keptUntil = Infinity;
  return () => {
    if (shared !== null && performance.now() <= keptUntil) return shared;
    keptUntil = Infinity;
    shared = check();
    shared.then(
      () => (keptUntil = performance.now() + keptMilliseconds),
      () => (shared = null),
    );
    return shared;
  };
}
