import "server-only";

/** Callers share a running check, and its result for `ttlMilliseconds` after it completes. A rejection is not cached. */
export function cachedCheck(check: () => Promise<boolean>, ttlMilliseconds: number): () => Promise<boolean> {
  let cached: Promise<boolean> | null = null;
  let expiresAt = Infinity;
  return () => {
    if (cached !== null && performance.now() <= expiresAt) return cached;
    expiresAt = Infinity;
    cached = check();
    cached.then(
      () => (expiresAt = performance.now() + ttlMilliseconds),
      () => (cached = null),
    );
    return cached;
  };
}
