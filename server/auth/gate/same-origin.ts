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
 * Whether an unsafe request was sent by a page of ours. Without Origin and Sec-Fetch-Site it is refused: browsers always
 * send an Origin on a cross-site POST, and `null` in place of one that they hide.
 */
export function judgeOrigin(claims: OriginClaims): "same" | "refused" {
  if (SAFE_METHODS.includes(claims.method)) return "same";
  if (claims.origin === null) return claims.secFetchSite === "same-origin" ? "same" : "refused";
  return claims.origin === claims.appOrigin || claims.corsOrigins.includes(claims.origin) ? "same" : "refused";
}
