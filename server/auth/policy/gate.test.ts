import { describe, expect, test } from "vitest";
import type { Credentials, RefreshResult } from "./credentials";
import { decideAfterRefresh, decideGate, type GateDecision, type RequestKind } from "./gate";

const NOW = new Date("2026-11-21T12:00:00Z");
const DUE_LATER = new Date("2026-11-21T12:00:00.001Z");

const GOOD = { access: { refreshDueAt: DUE_LATER }, hasRefreshToken: true };
const GOOD_ALONE = { access: { refreshDueAt: DUE_LATER }, hasRefreshToken: false };
const DUE = { access: { refreshDueAt: NOW }, hasRefreshToken: true };
const DUE_ALONE = { access: { refreshDueAt: NOW }, hasRefreshToken: false };
const REFRESHABLE = { access: null, hasRefreshToken: true };
const NONE = { access: null, hasRefreshToken: false };

const PRIVATE = "/dashboard/sessions?sort=ip&q=a%20b";
const TO_LOGIN = "/login?next=%2Fdashboard%2Fsessions%3Fsort%3Dip%26q%3Da%2520b";
const GUEST = "/login?next=%2Fdashboard%2Faccount";
const OPEN = ["/maintenance?status=503&next=%2Fdashboard", "/resume?next=%2F", "/health", "/api/health/ready"];
const OTHERS = ["/_next/static/a.js", "/dashboardx", "/nowhere", "/Dashboard"];

const PROCEED = "proceed";
const REFRESH = "refresh";

/** A decision as a short text. */
function summaryOf(decision: GateDecision | { kind: "refresh" }): string {
  switch (decision.kind) {
    case "redirect":
      return `${decision.clearCookies ? "clear, " : ""}to ${decision.to}`;
    case "refuse":
      return decision.reason;
    default:
      return decision.kind;
  }
}

describe("before a refresh", () => {
  test.each<[RequestKind, string, Credentials, string]>([
    ["document", PRIVATE, GOOD, PROCEED],
    ["document", PRIVATE, GOOD_ALONE, PROCEED],
    ["document", PRIVATE, DUE, REFRESH],
    ["document", PRIVATE, DUE_ALONE, PROCEED],
    ["document", PRIVATE, REFRESHABLE, REFRESH],
    ["document", PRIVATE, NONE, `to ${TO_LOGIN}`],
    ["soft", PRIVATE, GOOD, PROCEED],
    ["soft", PRIVATE, DUE, REFRESH],
    ["soft", PRIVATE, REFRESHABLE, REFRESH],
    ["soft", PRIVATE, NONE, "SIGNED_OUT"],
    ["document", "/dashboard", NONE, "to /login?next=%2Fdashboard"],

    ["document", GUEST, GOOD, "to /dashboard/account"],
    ["document", GUEST, GOOD_ALONE, "to /dashboard/account"],
    ["document", "/register", GOOD, "to /dashboard"],
    ["document", "/login?next=//evil.test", GOOD, "to /dashboard"],
    ["document", "/login?next=https%3A%2F%2Fevil.test", GOOD, "to /dashboard"],
    ["document", GUEST, DUE, REFRESH],
    ["document", GUEST, REFRESHABLE, REFRESH],
    ["document", GUEST, NONE, PROCEED],
    ["soft", GUEST, NONE, PROCEED],
    ["soft", GUEST, GOOD, "to /dashboard/account"],

    ["document", "/", GOOD, "to /dashboard"],
    ["document", "/", REFRESHABLE, REFRESH],
    ["document", "/", NONE, "to /login"],
    ["document", "/?utm=x", NONE, "to /login"],
    ["soft", "/", NONE, "SIGNED_OUT"],

    ["call", "/api/trpc", GOOD, PROCEED],
    ["call", "/api/trpc", DUE, REFRESH],
    ["call", "/api/trpc", DUE_ALONE, PROCEED],
    ["call", "/api/trpc", REFRESHABLE, REFRESH],
    ["call", "/api/trpc", NONE, "SIGNED_OUT"],
    // The path of a call is the page that makes it, not its destination.
    ["call", PRIVATE, NONE, "SIGNED_OUT"],
    ["call", GUEST, GOOD, PROCEED],
  ])("%s of %s with %j: %s", (kind, path, credentials, decision) => {
    expect(summaryOf(decideGate({ kind, path }, credentials, NOW))).toBe(decision);
  });

  test.each([...OPEN, ...OTHERS])("%s proceeds with any credentials", (path) => {
    for (const credentials of [GOOD, GOOD_ALONE, DUE, DUE_ALONE, REFRESHABLE, NONE]) {
      for (const kind of ["document", "soft"] as const) {
        expect(summaryOf(decideGate({ kind, path }, credentials, NOW))).toBe(PROCEED);
      }
    }
  });
});

describe("after a refresh", () => {
  const REFRESHED: RefreshResult = { kind: "refreshed" };
  const ENDED: RefreshResult = { kind: "ended" };
  const REPLACED: RefreshResult = { kind: "ended", wasJustReplaced: true };
  const UNREADABLE: RefreshResult = { kind: "unreadable" };
  const UNAVAILABLE: RefreshResult = { kind: "unavailable", status: 503 };
  const RATE_LIMITED: RefreshResult = { kind: "unavailable", status: 429 };
  const MAINTENANCE = "next=%2Fdashboard%2Fsessions%3Fsort%3Dip%26q%3Da%2520b";

  test.each<[RequestKind, string, RefreshResult, Credentials, string]>([
    ["document", PRIVATE, REFRESHED, REFRESHABLE, PROCEED],
    ["document", PRIVATE, ENDED, REFRESHABLE, `clear, to ${TO_LOGIN}`],
    // The end of the session outweighs its access token.
    ["document", PRIVATE, ENDED, DUE, `clear, to ${TO_LOGIN}`],
    // The new cookies of this browser may be in transit.
    ["document", PRIVATE, REPLACED, REFRESHABLE, `to ${TO_LOGIN}`],
    ["document", GUEST, REPLACED, REFRESHABLE, PROCEED],
    ["document", "/", REPLACED, REFRESHABLE, "to /login"],
    ["soft", PRIVATE, REPLACED, REFRESHABLE, "SESSION_ENDED"],
    ["document", PRIVATE, UNREADABLE, REFRESHABLE, `to ${TO_LOGIN}`],
    ["document", PRIVATE, UNREADABLE, DUE, PROCEED],
    ["document", PRIVATE, UNAVAILABLE, REFRESHABLE, `to /maintenance?status=503&${MAINTENANCE}`],
    ["document", PRIVATE, UNAVAILABLE, DUE, PROCEED],
    ["document", PRIVATE, RATE_LIMITED, REFRESHABLE, `to /maintenance?status=429&${MAINTENANCE}`],
    ["document", PRIVATE, RATE_LIMITED, DUE, PROCEED],
    ["soft", PRIVATE, REFRESHED, REFRESHABLE, PROCEED],
    ["soft", PRIVATE, ENDED, REFRESHABLE, "SESSION_ENDED"],
    ["soft", PRIVATE, UNREADABLE, REFRESHABLE, "SIGNED_OUT"],

    ["document", GUEST, REFRESHED, REFRESHABLE, "to /dashboard/account"],
    ["document", GUEST, UNREADABLE, REFRESHABLE, PROCEED],
    ["document", GUEST, UNAVAILABLE, DUE, "to /dashboard/account"],
    ["soft", GUEST, ENDED, REFRESHABLE, "SESSION_ENDED"],

    ["document", "/", REFRESHED, REFRESHABLE, "to /dashboard"],
    ["document", "/", ENDED, REFRESHABLE, "clear, to /login"],
    ["document", "/", UNREADABLE, REFRESHABLE, "to /login"],
    ["document", "/", UNAVAILABLE, REFRESHABLE, "to /maintenance?status=503&next=%2F"],

    ["call", "/api/trpc", REFRESHED, REFRESHABLE, PROCEED],
    ["call", "/api/trpc", ENDED, REFRESHABLE, "SESSION_ENDED"],
    ["call", "/api/trpc", ENDED, DUE, "SESSION_ENDED"],
    ["call", "/api/trpc", UNREADABLE, REFRESHABLE, "SIGNED_OUT"],
    ["call", "/api/trpc", UNREADABLE, DUE, PROCEED],
    ["call", "/api/trpc", UNAVAILABLE, REFRESHABLE, "UNAVAILABLE"],
    ["call", "/api/trpc", UNAVAILABLE, DUE, PROCEED],
    ["call", "/api/trpc", RATE_LIMITED, REFRESHABLE, "RATE_LIMITED"],
  ])("%s of %s, %j, with %j before: %s", (kind, path, result, credentials, decision) => {
    expect(summaryOf(decideAfterRefresh({ kind, path }, result, credentials))).toBe(decision);
  });

  test("a guest page proceeds after the end of a session, and the cookies are cleared", () => {
    const decision = decideAfterRefresh({ kind: "document", path: GUEST }, ENDED, REFRESHABLE);
    expect(decision).toEqual({ kind: "proceed", clearCookies: true });
  });
});
