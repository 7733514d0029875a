import "server-only";
import type { EntryResponse } from "./response";
import type { SecurityHeaders } from "./security-headers";
import type { RequestContext } from "./request-context";

/** What a stranger learns nothing good from: who made the answer, and from which cache it came. */
const TELLTALES = ["Server", "X-Powered-By", "X-Nextjs-Cache"];

/** Headers that every answer carries, set last, so that nothing behind the entry can leave them out or say otherwise. */
export function setResponseHeaders(
  answer: EntryResponse,
  visit: RequestContext,
  security: SecurityHeaders,
  isStopping: boolean,
): void {
  for (const [name, value] of security.always) answer.setHeader(name, value);
  answer.setHeader("X-Request-Id", visit.requestId);
  for (const name of TELLTALES) answer.removeHeader(name);

  const isHtml = String(answer.getHeader("Content-Type") ?? "").startsWith("text/html");
  answer.setHeader("Content-Security-Policy", isHtml ? security.documentPolicy(visit.nonce) : security.otherPolicy);
  if (!isCacheable(answer, visit)) answer.setHeader("Cache-Control", "private, no-store");

  if (visit.quota !== null) {
    answer.setHeader("RateLimit-Limit", visit.quota.limit);
    answer.setHeader("RateLimit-Remaining", visit.quota.remaining);
    answer.setHeader("RateLimit-Reset", visit.quota.resetSeconds);
  }
  if (isStopping) answer.setHeader("Connection", "close");
}

/** Only built assets themselves: a shared cache that keeps a page keeps somebody's name, or the cookie beside it. */
function isCacheable(answer: EntryResponse, visit: RequestContext): boolean {
  return visit.route === "static" && [200, 206, 304].includes(answer.statusCode) && !answer.hasHeader("Set-Cookie");
}
