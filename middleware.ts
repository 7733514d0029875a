import { NextResponse, type NextRequest } from "next/server";
import { clientOf } from "@/server/auth/client/client";
import { authenticate } from "@/server/auth/gate/authenticate";
import { readCookies, serializeCookie, withCookies, type CookieToSet } from "@/server/auth/tokens/cookies";
import { database } from "@/server/runtime/database";
import { KIND_HEADER, PATH_HEADER } from "@/server/runtime/entry-headers";
import { env } from "@/server/runtime/env";

/**
 * The gate for pages that are requested without an access cookie. Requests with one bypass it at no cost, and the page
 * checks the token. The gate is a convenience for users: pages and procedures check the caller themselves.
 */
export const config = {
  runtime: "nodejs",
  matcher: [
    {
      source: "/((?!api/|_next/|health$|\\.well-known/jwks\\.json$|icon\\.svg$).*)",
      missing: [
        { type: "cookie", key: "__acc" },
        { type: "cookie", key: "__Host-__acc" },
      ],
    },
  ],
};

export async function middleware(request: NextRequest): Promise<Response> {
  const facts = {
    kind: request.headers.get(KIND_HEADER) === "soft" ? "soft" : "document",
    path: request.headers.get(PATH_HEADER) ?? request.nextUrl.pathname + request.nextUrl.search,
    client: clientOf(request.headers),
    cookies: readCookies(request.headers.get("cookie")),
  } as const;
  const { decision, cookies } = await authenticate(database(), facts, new Date());
  switch (decision.kind) {
    case "proceed":
      return proceed(request, cookies);
    case "redirect":
      return withSetCookies(NextResponse.redirect(new URL(decision.to, env().APP_ORIGIN)), cookies);
    case "refuse":
      // The client-side router answers a 401 with one full page load, but follows a redirect in the background.
      return withSetCookies(new Response(null, { status: 401 }), cookies);
  }
}

/** Sets the new cookies on the forwarded request too, so that this page is rendered signed in. */
function proceed(request: NextRequest, cookies: CookieToSet[]): Response {
  if (cookies.length === 0) return NextResponse.next();
  const headers = new Headers(request.headers);
  headers.set("cookie", withCookies(headers.get("cookie"), cookies));
  return withSetCookies(NextResponse.next({ request: { headers } }), cookies);
}

function withSetCookies(response: Response, cookies: CookieToSet[]): Response {
  for (const cookie of cookies) response.headers.append("set-cookie", serializeCookie(cookie));
  response.headers.set("cache-control", "private, no-store");
  return response;
}
