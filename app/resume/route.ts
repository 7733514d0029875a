import { clearedAccessCookie, readCookies, serializeCookie } from "@/server/auth/tokens/cookies";
import { safeNextPath, withNext } from "@/server/auth/policy/next-path";
import { MAINTENANCE } from "@/server/auth/policy/routes";
import { isRedirectLoop } from "@/server/auth/gate/resume-guard";
import { KIND_HEADER } from "@/server/runtime/entry-headers";
import { env } from "@/server/runtime/env";

/**
 * One hop for an access cookie that is there but unusable: it is dropped, and so the gate sees the next request. A browser
 * that keeps sending it is told so instead of being sent in circles.
 */
export function GET(request: Request): Response {
  // A router that follows here in the background ends on an empty page; a 401 makes it come back with one full load.
  if (request.headers.get(KIND_HEADER) === "soft") {
    return new Response(null, { status: 401, headers: { "cache-control": "private, no-store" } });
  }
  const next = safeNextPath(new URL(request.url).searchParams.get("next"));
  const { hasAccessCookie } = readCookies(request.headers.get("cookie"));
  const isStuck = hasAccessCookie && isRedirectLoop(request.headers, next, new Date());
  const to = isStuck ? withNext(MAINTENANCE, next, { status: "400" }) : next;

  const headers = {
    location: new URL(to, env().APP_ORIGIN).href,
    "cache-control": "private, no-store",
    "set-cookie": serializeCookie(clearedAccessCookie()),
  };
  return new Response(null, { status: 307, headers });
}
