import { clearedAccessCookie, readCookies, serializeCookie } from "@/server/auth/tokens/cookies";
import { safeNextPath, withNext } from "@/server/auth/policy/next-path";
import { MAINTENANCE } from "@/server/auth/policy/routes";
import { isRedirectLoop } from "@/server/auth/gate/resume-guard";
import { KIND_HEADER } from "@/server/runtime/entry-headers";
import { env } from "@/server/runtime/env";

/**
 * Redirect target for requests with an invalid access cookie: clears the cookie, so that the gate handles the next request. A
 * browser that still sends the cookie gets the maintenance page instead of a redirect loop.
 */
export function GET(request: Request): Response {
  // The Next.js router would show an empty page after a soft redirect; on a 401 it does one full load.
  if (request.headers.get(KIND_HEADER) === "soft") {
    return new Response(null, { status: 401, headers: { "cache-control": "private, no-store" } });
  }
  const next = safeNextPath(new URL(request.url).searchParams.get("next"));
  const { hasAccessCookie } = readCookies(request.headers.get("cookie"));
  const isLooping = hasAccessCookie && isRedirectLoop(request.headers, next, new Date());
  const to = isLooping ? withNext(MAINTENANCE, next, { status: "400" }) : next;

  const headers = {
    location: new URL(to, env().APP_ORIGIN).href,
    "cache-control": "private, no-store",
    "set-cookie": serializeCookie(clearedAccessCookie()),
  };
  return new Response(null, { status: 307, headers });
}
