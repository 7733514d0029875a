import "server-only";
import type { EntryResponse } from "./response";
import type { SecurityHeaders } from "./security-headers";
import type { RequestContext } from "./request-context";

/** Headers that tell which software responded, and from which cache. */
const IDENTIFYING_HEADERS = ["Server", "X-Powered-By", "X-Nextjs-Cache"];

/** Sets the headers of every response last, so that the app can neither omit nor override them. */
export function setResponseHeaders(
  response: EntryResponse,
  context: RequestContext,
  security: SecurityHeaders,
  isStopping: boolean,
): void {
  for (const [name, value] of security.always) response.setHeader(name, value);
  response.setHeader("X-Request-Id", context.requestId);
  for (const name of IDENTIFYING_HEADERS) response.removeHeader(name);

  const isHtml = String(response.getHeader("Content-Type") ?? "").startsWith("text/html");
  response.setHeader("Content-Security-Policy", isHtml ? security.documentPolicy(context.nonce) : security.otherPolicy);
  if (!isCacheable(response, context)) response.setHeader("Cache-Control", "private, no-store");

  if (context.quota !== null) {
    response.setHeader("RateLimit-Limit", context.quota.limit);
    response.setHeader("RateLimit-Remaining", context.quota.remaining);
    response.setHeader("RateLimit-Reset", context.quota.resetSeconds);
  }
  if (isStopping) response.setHeader("Connection", "close");
}

/** Only built assets and the public keys: a page in a shared cache would disclose personal data or cookies to others. */
function isCacheable(response: EntryResponse, { route }: RequestContext): boolean {
  const isPublic = route === "static" || route === "keys";
  return isPublic && [200, 206, 304].includes(response.statusCode) && !response.hasHeader("Set-Cookie");
}
