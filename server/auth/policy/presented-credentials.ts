/** How a call authenticates. It is decided once, before anything else: a bearer token needs no Origin and changes no cookie. */
export type PresentedCredentials = { kind: "cookies" } | { kind: "bearer"; token: string } | { kind: "ambiguous" };

/** A token in the syntax of RFC 6750, section 2.1. */
const BEARER = /^bearer +([A-Za-z0-9\-._~+/]+=*)$/i;

/**
 * *Ambiguous*: a bearer token besides a session cookie or in the query (RFC 6750, section 2.3), or not one token. Another scheme
 * belongs to a proxy in front of the app and says nothing about the caller.
 */
export function judgePresentedCredentials({
  authorization,
  hasSessionCookie,
  query,
}: {
  authorization: string | null;
  hasSessionCookie: boolean;
  query: URLSearchParams;
}): PresentedCredentials {
  if (query.has("access_token")) return { kind: "ambiguous" };
  if (authorization === null || !/^bearer(?![^\s,])/i.test(authorization.trim())) return { kind: "cookies" };
  const token = BEARER.exec(authorization.trim())?.[1];
  return token === undefined || hasSessionCookie ? { kind: "ambiguous" } : { kind: "bearer", token };
}
