import fc from "fast-check";
import { expect, test } from "vitest";
import type { RefreshResult } from "./credentials";
import { decideAfterRefresh, decideGate, type GateRequest } from "./gate";
import { safeNextPath, withNext } from "./next-path";
import { classifyRoute, HOME, LOGIN, MAINTENANCE, RESUME, VERIFY_EMAIL } from "./routes";

const ORIGIN = "https://app.example.com";
const ACCESS_SECONDS = 600;
/** Browsers follow 20. */
const MAX_REDIRECTS = 18;
const MAX_RESUMES = 5;

interface Scenario {
  /** When the access token was issued, in seconds of the server's clock; null if there is no access cookie. */
  accessIssuedAt: number | null;
  hasRefreshCookie: boolean;
  /** The result of every refresh. */
  refreshResult: RefreshResult;
  /** As the access token states it; a refresh replaces it. */
  isEmailVerified: boolean;
  /** `REQUIRE_VERIFIED_EMAIL` of the instance at each request: they may differ while it is being changed. */
  requirements: boolean[];
  /** The server's clock at each request: several instances, whose clocks differ. */
  clocks: number[];
  /** Whether the browser applies Set-Cookie. If not, it sends the same cookies with every request. */
  appliesCookies: boolean;
}

/** Follows a document request to its page. Throws where a browser would stop following redirects. */
function followRedirects(start: string, scenario: Scenario): { path: string; visited: string[] } {
  let path = start;
  const visited = [path];
  let resumes = 0;
  for (let redirects = 0; redirects <= MAX_REDIRECTS; redirects++) {
    const now = scenario.clocks[redirects % scenario.clocks.length]!;
    const isRequired = scenario.requirements[redirects % scenario.requirements.length]!;
    const to = nextRedirect(path, now, isRequired, scenario, () => ++resumes > MAX_RESUMES);
    if (to === null) return { path, visited };
    const target = new URL(to, ORIGIN);
    expect(target.origin).toBe(ORIGIN);
    expect(target.pathname).not.toMatch(/^\/[/\\]/);
    path = target.pathname + target.search;
    visited.push(path);
  }
  throw new Error(`redirect loop: ${visited.join(" → ")}`);
}

/** The redirect of one request by middleware, page or /resume; null if it is answered with a page. */
function nextRedirect(
  path: string,
  now: number,
  isRequired: boolean,
  scenario: Scenario,
  isLoop: () => boolean,
): string | null {
  const route = classifyRoute(path.split("?", 1)[0]!);
  const next = safeNextPath(new URL(path, ORIGIN).searchParams.get("next"));
  if (path.startsWith(`${RESUME}?`)) {
    if (scenario.appliesCookies) scenario.accessIssuedAt = null;
    return scenario.accessIssuedAt !== null && isLoop() ? withNext(MAINTENANCE, next, { status: "400" }) : next;
  }
  if (scenario.accessIssuedAt === null) return applyGate({ kind: "document", path }, now, isRequired, scenario);

  const isValid = scenario.accessIssuedAt <= now + 30 && now < scenario.accessIssuedAt + ACCESS_SECONDS;
  if (route === "private") {
    if (!isValid) return withNext(RESUME, path);
    return isRequired && !scenario.isEmailVerified ? withNext(VERIFY_EMAIL, path) : null;
  }
  if (route === "verification") return isValid && scenario.isEmailVerified ? next : null;
  if (route !== "guest" && route !== "root") return null;
  if (!isValid && scenario.hasRefreshCookie) return withNext(RESUME, route === "guest" ? next : path);
  if (route === "root") return isValid ? HOME : LOGIN;
  return isValid ? next : null;
}

function applyGate(request: GateRequest, now: number, isRequired: boolean, scenario: Scenario): string | null {
  const credentials = { access: null, hasRefreshToken: scenario.hasRefreshCookie };
  let decision = decideGate(request, credentials, new Date(now * 1000));
  if (decision.kind === "refresh") {
    let { refreshResult } = scenario;
    if (refreshResult.kind === "refreshed") {
      const { isEmailVerified } = refreshResult.access;
      refreshResult = {
        kind: "refreshed",
        access: { isEmailVerified, mustVerifyEmail: isRequired && !isEmailVerified },
      };
      if (scenario.appliesCookies) Object.assign(scenario, { accessIssuedAt: now, isEmailVerified });
    }
    decision = decideAfterRefresh(request, refreshResult, credentials);
    const clears = "clearCookies" in decision && decision.clearCookies === true;
    if (clears) expect(scenario.refreshResult.kind).toBe("ended");
    if (clears && scenario.appliesCookies) scenario.hasRefreshCookie = false;
  }
  expect(decision.kind).not.toBe("refuse");
  return decision.kind === "redirect" ? decision.to : null;
}

const anyPath = fc.oneof(
  fc.constantFrom("/", "/login", "/register", "/verify-email", "/dashboard", "/dashboard/account", "/nowhere"),
  fc.constantFrom("/login", "/register", "/verify-email", "/resume", "/maintenance", "/dashboard").chain((page) =>
    fc
      .oneof(
        fc.webUrl({ withQueryParameters: true }),
        fc.string({ unit: "binary", maxLength: 40 }),
        fc.constantFrom("//evil.test", "/\\evil.test", "/.//evil.test", "https:evil.test", "/resume", "/login", "/"),
        fc.nat({ max: 30 }).map((depth) => `${"/verify-email?next=".repeat(depth)}/dashboard`),
        fc.nat({ max: 30 }).map((depth) => `${"/login?next=".repeat(depth)}/dashboard`),
        fc.nat({ max: 30 }).map((depth) => `${"/resume?next=".repeat(depth)}/dashboard`),
        fc.nat({ max: 6 }).map((depth) =>
          Array(depth)
            .fill(0)
            .reduce<string>((inner) => withNext("/login", inner), "/"),
        ),
      )
      .map((next) => withNext(page, next)),
  ),
);

const anyScenario = fc.record<Scenario>({
  accessIssuedAt: fc.option(fc.integer({ min: -2000, max: 2000 }), { freq: 1 }),
  hasRefreshCookie: fc.boolean(),
  refreshResult: fc.constantFrom<RefreshResult>(
    { kind: "refreshed", access: { isEmailVerified: true, mustVerifyEmail: false } },
    { kind: "refreshed", access: { isEmailVerified: false, mustVerifyEmail: false } },
    { kind: "refreshed", access: { isEmailVerified: false, mustVerifyEmail: true } },
    { kind: "ended" },
    { kind: "unreadable" },
    { kind: "unavailable", status: 503 },
    { kind: "unavailable", status: 429 },
  ),
  isEmailVerified: fc.boolean(),
  requirements: fc.array(fc.boolean(), { minLength: 1, maxLength: 8 }),
  clocks: fc.array(fc.integer({ min: -2000, max: 2000 }), { minLength: 1, maxLength: 8 }),
  appliesCookies: fc.boolean(),
});

test("no document request loops or leaves this origin, with any clock, cookies and next", () => {
  fc.assert(
    fc.property(anyPath, anyScenario, (path, scenario) => {
      followRedirects(path, scenario);
    }),
    { numRuns: 600 },
  );
});

test("a request with a valid refresh token never ends at the login form, with any clock", () => {
  fc.assert(
    fc.property(anyPath, anyScenario, fc.boolean(), (path, scenario, isEmailVerified) => {
      const arrived = followRedirects(path, {
        ...scenario,
        hasRefreshCookie: true,
        refreshResult: { kind: "refreshed", access: { isEmailVerified, mustVerifyEmail: false } },
        appliesCookies: true,
      });
      expect(classifyRoute(arrived.path.split("?", 1)[0]!)).not.toBe("guest");
    }),
    { numRuns: 300 },
  );
});

test("neither a call nor a soft navigation is redirected to the login form or clears cookies", () => {
  const results = anyScenario.map(({ refreshResult }) => refreshResult);
  const credentials = fc.record({
    access: fc.option(
      fc.record({
        refreshDueAt: fc.date({ noInvalidDate: true }),
        isEmailVerified: fc.boolean(),
        mustVerifyEmail: fc.boolean(),
      }),
    ),
    hasRefreshToken: fc.boolean(),
  });
  fc.assert(
    fc.property(
      fc.constantFrom("call" as const, "soft" as const),
      anyPath,
      results,
      credentials,
      fc.date({ noInvalidDate: true }),
      (kind, path, result, has, now) => {
        for (const decision of [
          decideGate({ kind, path }, has, now),
          decideAfterRefresh({ kind, path }, result, has),
        ]) {
          expect("clearCookies" in decision && decision.clearCookies).not.toBe(true);
          if (decision.kind !== "redirect") continue;
          expect(kind).toBe("soft");
          expect(decision.to).not.toMatch(/^\/login/);
        }
      },
    ),
    { numRuns: 300 },
  );
});

test("an unavailable refresh never clears cookies", () => {
  fc.assert(
    fc.property(
      fc.constantFrom("call" as const, "soft" as const, "document" as const),
      anyPath,
      fc.constantFrom(429 as const, 503 as const),
      fc.boolean(),
      (kind, path, status, hasAccess) => {
        const credentials = {
          access: hasAccess ? { refreshDueAt: new Date(0), isEmailVerified: false, mustVerifyEmail: true } : null,
          hasRefreshToken: true,
        };
        const decision = decideAfterRefresh({ kind, path }, { kind: "unavailable", status }, credentials);
        expect("clearCookies" in decision && decision.clearCookies).not.toBe(true);
      },
    ),
  );
});
