import "server-only";

export interface OriginClaims {
  method: string;
  origin: string | null;
  secFetchSite: string | null;
  appOrigin: string;
  corsOrigins: readonly string[];
}

const SAFE_METHODS: readonly string[] = ["GET", "HEAD", "OPTIONS"];

/**
 * Whether a request that may change something was sent by a page of ours. Whatever names no origin at all is refused:
 * a browser always names one on a cross-site POST, and `null` is what it says when it hides a foreign one.
 */
export function judgeOrigin(claims: OriginClaims): "same" | "refused" {
  if (SAFE_METHODS.includes(claims.method)) return "same";
  if (claims.origin === null) return claims.secFetchSite === "same-origin" ? "same" : "refused";
  return claims.origin === claims.appOrigin || claims.corsOrigins.includes(claims.origin) ? "same" : "refused";
}
