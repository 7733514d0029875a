import { describe, expect, test } from "vitest";
import type { Credentials, RefreshResult } from "./credentials";
import { decideAfterRefresh, decideGate, mayRun, type GateDecision, type RequestKind } from "./gate";
import { PROCEDURES } from "./procedures";

const NOW = new Date("2026-11-21T12:00:00Z");
const DUE_LATER = new Date("2026-11-21T12:00:00.001Z");

const VERIFIED = { isEmailVerified: true, mustVerifyEmail: false };
const UNVERIFIED = { isEmailVerified: false, mustVerifyEmail: false };
/** Where `REQUIRE_VERIFIED_EMAIL` is set. */
const KEPT_OUT = { isEmailVerified: false, mustVerifyEmail: true };

const GOOD = { access: { refreshDueAt: DUE_LATER, ...VERIFIED }, hasRefreshToken: true };
const GOOD_ALONE = { access: { refreshDueAt: DUE_LATER, ...UNVERIFIED }, hasRefreshToken: false };
const DUE = { access: { refreshDueAt: NOW, ...UNVERIFIED }, hasRefreshToken: true };
const DUE_ALONE = { access: { refreshDueAt: NOW, ...VERIFIED }, hasRefreshToken: false };
const MUST_VERIFY = { access: { refreshDueAt: DUE_LATER, ...KEPT_OUT }, hasRefreshToken: true };
const MUST_VERIFY_DUE = { access: { refreshDueAt: NOW, ...KEPT_OUT }, hasRefreshToken: true };
const REFRESHABLE = { access: null, hasRefreshToken: true };
const NONE = { access: null, hasRefreshToken: false };

const PRIVATE = "/dashboard/sessions?sort=ip&q=a%20b";
const TO_LOGIN = "/login?next=%2Fdashboard%2Fsessions%3Fsort%3Dip%26q%3Da%2520b";
const TO_VERIFICATION = "/verify-email?next=%2Fdashboard%2Fsessions%3Fsort%3Dip%26q%3Da%2520b";
const GUEST = "/login?next=%2Fdashboard%2Faccount";
const VERIFICATION = "/verify-email?next=%2Fdashboard%2Faccount";
const OPEN = [
  "/maintenance?status=503&next=%2Fdashboard",
  "/resume?next=%2F",
  "/health",
  "/api/health/ready",
  "/.well-known/jwks.json",
];
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

    ["document", PRIVATE, MUST_VERIFY, `to ${TO_VERIFICATION}`],
    ["soft", PRIVATE, MUST_VERIFY, "NOT_ALLOWED"],
    ["document", PRIVATE, MUST_VERIFY_DUE, REFRESH],
    ["document", GUEST, MUST_VERIFY, "to /dashboard/account"],
    ["document", "/", MUST_VERIFY, "to /dashboard"],
    // Each procedure says whether it may be called.
    ["call", "/api/trpc", MUST_VERIFY, PROCEED],

    ["document", VERIFICATION, NONE, PROCEED],
    ["soft", VERIFICATION, NONE, PROCEED],
    ["document", VERIFICATION, REFRESHABLE, REFRESH],
    ["document", VERIFICATION, DUE, REFRESH],
    ["document", VERIFICATION, MUST_VERIFY, PROCEED],
    ["soft", VERIFICATION, MUST_VERIFY, PROCEED],
    ["document", VERIFICATION, GOOD_ALONE, PROCEED],
    ["document", VERIFICATION, GOOD, "to /dashboard/account"],
    ["soft", VERIFICATION, GOOD, "to /dashboard/account"],
    ["document", "/verify-email?next=//evil.test", GOOD, "to /dashboard"],

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
    for (const credentials of [GOOD, GOOD_ALONE, DUE, DUE_ALONE, MUST_VERIFY, REFRESHABLE, NONE]) {
      for (const kind of ["document", "soft"] as const) {
        expect(summaryOf(decideGate({ kind, path }, credentials, NOW))).toBe(PROCEED);
      }
    }
  });
});

describe("after a refresh", () => {
  const REFRESHED: RefreshResult = { kind: "refreshed", access: VERIFIED };
  const REFRESHED_UNVERIFIED: RefreshResult = { kind: "refreshed", access: UNVERIFIED };
  const REFRESHED_MUST_VERIFY: RefreshResult = { kind: "refreshed", access: KEPT_OUT };
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

    // The new token decides, not the old one.
    ["document", PRIVATE, REFRESHED, MUST_VERIFY_DUE, PROCEED],
    ["document", PRIVATE, REFRESHED_UNVERIFIED, REFRESHABLE, PROCEED],
    ["document", PRIVATE, REFRESHED_MUST_VERIFY, REFRESHABLE, `to ${TO_VERIFICATION}`],
    ["document", PRIVATE, REFRESHED_MUST_VERIFY, DUE, `to ${TO_VERIFICATION}`],
    ["soft", PRIVATE, REFRESHED_MUST_VERIFY, REFRESHABLE, "NOT_ALLOWED"],
    ["document", PRIVATE, UNAVAILABLE, MUST_VERIFY_DUE, `to ${TO_VERIFICATION}`],
    ["document", PRIVATE, UNREADABLE, MUST_VERIFY_DUE, `to ${TO_VERIFICATION}`],
    ["document", PRIVATE, ENDED, MUST_VERIFY_DUE, `clear, to ${TO_LOGIN}`],

    ["document", VERIFICATION, REFRESHED, REFRESHABLE, "to /dashboard/account"],
    ["document", VERIFICATION, REFRESHED_UNVERIFIED, REFRESHABLE, PROCEED],
    ["document", VERIFICATION, REFRESHED_MUST_VERIFY, REFRESHABLE, PROCEED],
    ["document", VERIFICATION, UNREADABLE, REFRESHABLE, PROCEED],
    ["document", VERIFICATION, REPLACED, REFRESHABLE, PROCEED],
    ["soft", VERIFICATION, ENDED, REFRESHABLE, "SESSION_ENDED"],

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

  test("the page of the verification proceeds after the end of a session, and the cookies are cleared", () => {
    const decision = decideAfterRefresh({ kind: "document", path: VERIFICATION }, ENDED, REFRESHABLE);
    expect(decision).toEqual({ kind: "proceed", clearCookies: true });
  });
});

describe("before the email is verified, where that is required", () => {
  const ALLOWED = [
    "account.export",
    "account.requestDeletion",
    "auth.logoutAll",
    "auth.stepUp",
    "auth.session",
    "email.requestVerification",
    "email.requestChange",
    "users.me",
  ];

  test.each(Object.entries(PROCEDURES).filter(([, { access }]) => access === "signed-in"))(
    "%s may be called only if its facts say so",
    (name, facts) => {
      expect(mayRun(facts, KEPT_OUT)).toBe(ALLOWED.includes(name));
      for (const status of [VERIFIED, UNVERIFIED]) expect(mayRun(facts, status)).toBe(true);
    },
  );

  test("a procedure without facts may not be called", () => {
    expect(mayRun(null, KEPT_OUT)).toBe(false);
  });
});
