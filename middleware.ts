import { NextResponse, type NextRequest } from "next/server";
import { authenticateAccessToken } from "./server/auth/gate/authenticate";
import { clientOf } from "./server/auth/client/client";
import {
  clearedCookies,
  readCookies,
  serializeCookie,
  withCookies,
  type CookieToSet,
} from "./server/auth/tokens/cookies";
import { decideAfterRefresh, decideGate, type GateDecision, type GateRequest } from "@/server/auth/policy/gate";
import { tryRefresh } from "./server/auth/sessions/refresh";
import { database } from "./server/runtime/database";
import { KIND_HEADER, PATH_HEADER } from "./server/runtime/entry-headers";
import { env } from "./server/runtime/env";

/**
 * The gate, for pages that come without an access cookie. Whoever has one passes by and pays nothing; the page looks at it.
 * The gate is a courtesy to people: pages and procedures check the caller themselves.
 */
export const config = {
  runtime: "nodejs",
  matcher: [
    {
      source: "/((?!api/|_next/|health$|icon\\.svg$).*)",
      missing: [
        { type: "cookie", key: "__acc" },
        { type: "cookie", key: "__Host-__acc" },
      ],
    },
  ],
};

export async function middleware(request: NextRequest): Promise<Response> {
  const now = new Date();
  const asked: GateRequest = {
    kind: request.headers.get(KIND_HEADER) === "soft" ? "soft" : "document",
    path: request.headers.get(PATH_HEADER) ?? request.nextUrl.pathname + request.nextUrl.search,
  };
  const client = clientOf(request.headers);
  const { accessToken, refreshToken } = readCookies(request.headers.get("cookie"));
  const credentials = {
    access: await authenticateAccessToken(database(), accessToken, client, now),
    hasRefreshToken: refreshToken !== null,
  };

  const decision = decideGate(asked, credentials, now);
  if (decision.kind !== "refresh" || refreshToken === null) return perform(decision, request, []);
  const result = await tryRefresh(database(), refreshToken, client, now);
  const cookies = result.kind === "refreshed" ? result.cookies : [];
  return perform(decideAfterRefresh(asked, result, credentials), request, cookies);
}

function perform(decision: GateDecision, request: NextRequest, cookies: CookieToSet[]): Response {
  switch (decision.kind) {
    case "redirect":
      return withSetCookies(
        NextResponse.redirect(new URL(decision.to, env().APP_ORIGIN)),
        decision.clearCookies ? clearedCookies() : cookies,
      );
    case "refuse":
      // The page's router answers a 401 with one full load; a redirect it would follow in the background.
      return new Response(null, { status: 401, headers: { "cache-control": "private, no-store" } });
    case "proceed":
      return proceed(request, decision.clearCookies ? clearedCookies() : cookies);
    case "refresh":
      return proceed(request, cookies);
  }
}

/** The new cookies go on the forwarded request too, so that this very page is rendered signed in. */
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
