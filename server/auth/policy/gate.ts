import type { Credentials, RefreshResult } from "./credentials";
import { safeNextPath, withNext } from "./next-path";
import { classifyRoute, HOME, LOGIN, MAINTENANCE } from "./routes";

/** A full page load, a navigation inside the page (an RSC request), or a call to a procedure. */
export type RequestKind = "document" | "soft" | "call";

export interface GateRequest {
  kind: RequestKind;
  /** Path and query as shown in the address bar. */
  path: string;
}

export type GateDecision =
  | { kind: "proceed"; clearCookies: boolean }
  | { kind: "redirect"; to: string; clearCookies: boolean }
  /** For a program, or for the client-side router, which answers a 401 with one full page load. */
  | { kind: "refuse"; reason: "SIGNED_OUT" | "SESSION_ENDED" | "RATE_LIMITED" | "UNAVAILABLE" };

const PROCEED: GateDecision = { kind: "proceed", clearCookies: false };

/** Decides by the credentials that the request presents. */
export function decideGate(
  request: GateRequest,
  credentials: Credentials,
  now: Date,
): GateDecision | { kind: "refresh" } {
  const route = routeOf(request);
  if (route !== "private" && route !== "guest" && route !== "root" && route !== "call") return PROCEED;

  const { access, hasRefreshToken } = credentials;
  const isDue = access === null || now.getTime() >= access.refreshDueAt.getTime();
  if (hasRefreshToken && isDue) return { kind: "refresh" };
  return access ? decideSignedIn(request) : decideSignedOut(request);
}

/** Decides after a refresh attempt. `credentials` are those from before it. */
export function decideAfterRefresh(
  request: GateRequest,
  result: RefreshResult,
  credentials: Credentials,
): GateDecision {
  switch (result.kind) {
    case "refreshed":
      return decideSignedIn(request);
    case "unreadable":
      return credentials.access ? decideSignedIn(request) : decideSignedOut(request);
    case "ended":
      return decideEnded(request, !result.wasJustReplaced);
    case "unavailable":
      return credentials.access ? decideSignedIn(request) : decideUnavailable(request, result.status);
  }
}

function decideSignedIn(request: GateRequest): GateDecision {
  switch (routeOf(request)) {
    case "guest":
      return redirectTo(nextOf(request));
    case "root":
      return redirectTo(HOME);
    default:
      return PROCEED;
  }
}

function decideSignedOut(request: GateRequest): GateDecision {
  const route = routeOf(request);
  if (route === "guest") return PROCEED;
  if (request.kind !== "document") return { kind: "refuse", reason: "SIGNED_OUT" };
  return redirectTo(route === "root" ? LOGIN : withNext(LOGIN, request.path));
}

function decideEnded(request: GateRequest, clearCookies: boolean): GateDecision {
  // Only a document may clear cookies: a slow background response would clear those of a newer login.
  if (request.kind !== "document") return { kind: "refuse", reason: "SESSION_ENDED" };
  switch (routeOf(request)) {
    case "guest":
      // Not a redirect to the same page: it would loop in a browser that does not delete the cookies.
      return { kind: "proceed", clearCookies };
    case "root":
      return redirectTo(LOGIN, clearCookies);
    default:
      return redirectTo(withNext(LOGIN, request.path), clearCookies);
  }
}

function decideUnavailable(request: GateRequest, status: 429 | 503): GateDecision {
  if (request.kind === "call") return { kind: "refuse", reason: status === 429 ? "RATE_LIMITED" : "UNAVAILABLE" };
  return redirectTo(withNext(MAINTENANCE, request.path, { status: String(status) }));
}

function redirectTo(to: string, clearCookies = false): GateDecision {
  return { kind: "redirect", to, clearCookies };
}

function routeOf(request: GateRequest) {
  return request.kind === "call" ? "call" : classifyRoute(pathnameOf(request.path));
}

function nextOf(request: GateRequest): string {
  return safeNextPath(new URLSearchParams(request.path.slice(pathnameOf(request.path).length)).get("next"));
}

function pathnameOf(path: string): string {
  return path.split(/[?#]/, 1)[0] ?? path;
}
