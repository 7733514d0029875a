import type { Credentials, EmailStatus, RefreshResult } from "./credentials";
import { safeNextPath, withNext } from "./next-path";
import type { ProcedureFacts } from "./procedures";
import { classifyRoute, HOME, LOGIN, MAINTENANCE, VERIFY_EMAIL } from "./routes";

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
  | {
      kind: "refuse";
      reason: "SIGNED_OUT" | "SESSION_ENDED" | "INVALID_TOKEN" | "NOT_ALLOWED" | "RATE_LIMITED" | "UNAVAILABLE";
    };

const PROCEED: GateDecision = { kind: "proceed", clearCookies: false };

/** Decides by the credentials that the request presents. */
export function decideGate(
  request: GateRequest,
  credentials: Credentials,
  now: Date,
): GateDecision | { kind: "refresh" } {
  const route = routeOf(request);
  if (route === "health" || route === "static" || route === "keys" || route === "open") return PROCEED;

  const { access, hasRefreshToken } = credentials;
  const isDue = access === null || now.getTime() >= access.refreshDueAt.getTime();
  if (hasRefreshToken && isDue) return { kind: "refresh" };
  return access ? decideSignedIn(request, access) : decideSignedOut(request);
}

/** Decides after a refresh attempt. `credentials` are those from before it. */
export function decideAfterRefresh(
  request: GateRequest,
  result: RefreshResult,
  credentials: Credentials,
): GateDecision {
  switch (result.kind) {
    case "refreshed":
      return decideSignedIn(request, result.access);
    case "unreadable":
      return credentials.access ? decideSignedIn(request, credentials.access) : decideSignedOut(request);
    case "ended":
      return decideEnded(request, !result.wasJustReplaced);
    case "unavailable":
      return credentials.access
        ? decideSignedIn(request, credentials.access)
        : decideUnavailable(request, result.status);
  }
}

/** Whether a signed-in caller may run a procedure. */
export function mayRun(facts: ProcedureFacts | null, { mustVerifyEmail }: EmailStatus): boolean {
  return !mustVerifyEmail || facts?.allowsUnverified === true;
}

function decideSignedIn(request: GateRequest, { isEmailVerified, mustVerifyEmail }: EmailStatus): GateDecision {
  switch (routeOf(request)) {
    case "guest":
      return redirectTo(nextOf(request));
    case "verification":
      return isEmailVerified ? redirectTo(nextOf(request)) : PROCEED;
    case "private":
      if (!mustVerifyEmail) return PROCEED;
      // Not a redirect of a soft navigation: the router could keep it for this path after the verification.
      return request.kind === "document"
        ? redirectTo(withNext(VERIFY_EMAIL, request.path))
        : { kind: "refuse", reason: "NOT_ALLOWED" };
    case "root":
      return redirectTo(HOME);
    default:
      return PROCEED;
  }
}

function decideSignedOut(request: GateRequest): GateDecision {
  const route = routeOf(request);
  if (route === "guest" || route === "verification") return PROCEED;
  if (request.kind !== "document") return { kind: "refuse", reason: "SIGNED_OUT" };
  return redirectTo(route === "root" ? LOGIN : withNext(LOGIN, request.path));
}

function decideEnded(request: GateRequest, clearCookies: boolean): GateDecision {
  // Only a document may clear cookies: a slow background response would clear those of a newer login.
  if (request.kind !== "document") return { kind: "refuse", reason: "SESSION_ENDED" };
  switch (routeOf(request)) {
    case "guest":
    case "verification":
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
