import "server-only";
import type { EntryResponse } from "./response";
import type { SecurityHeaders } from "./security-headers";
import type { RequestContext } from "./request-context";

/** What a stranger learns nothing good from: who made the response, and from which cache it came. */
const IDENTIFYING_HEADERS = ["Server", "X-Powered-By", "X-Nextjs-Cache"];

/** Headers that every response carries, set last, so that nothing behind the entry can leave them out or say otherwise. */
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

/** Only built assets themselves: a shared cache that keeps a page keeps somebody's name, or the cookie beside it. */
function isCacheable(response: EntryResponse, context: RequestContext): boolean {
  return (
    context.route === "static" && [200, 206, 304].includes(response.statusCode) && !response.hasHeader("Set-Cookie")
  );
}
