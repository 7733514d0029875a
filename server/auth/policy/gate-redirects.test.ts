import fc from "fast-check";
import { expect, test } from "vitest";
import type { RefreshResult } from "./credentials";
import { decideAfterRefresh, decideGate, type GateRequest } from "./gate";
import { safeNextPath, withNext } from "./next-path";
import { classifyRoute, HOME, LOGIN, MAINTENANCE, RESUME } from "./routes";

const ORIGIN = "https://app.example.com";
const ACCESS_SECONDS = 600;
/** Browsers give up after 20. */
const HOPS_AT_MOST = 18;
const RESUMES_AT_MOST = 5;

interface World {
  /** Seconds of the server's clock when the access token was made; null if there is no such cookie. */
  accessMadeAt: number | null;
  hasRefreshCookie: boolean;
  /** What the refresh token is worth, whoever asks. */
  refreshing: RefreshResult;
  /** The server's clock at each hop: several instances, no two of which agree. */
  clocks: number[];
  /** The browser does as it is told about cookies. A stubborn one sends what it has for ever. */
  isObedient: boolean;
}

/** Where a document request ends up. Throws when a browser would give up. */
function travel(start: string, world: World): { path: string; hops: string[] } {
  let path = start;
  const hops = [path];
  let resumes = 0;
  for (let hop = 0; hop <= HOPS_AT_MOST; hop++) {
    const now = world.clocks[hop % world.clocks.length]!;
    const to = nextHop(path, now, world, () => ++resumes > RESUMES_AT_MOST);
    if (to === null) return { path, hops };
    const target = new URL(to, ORIGIN);
    expect(target.origin).toBe(ORIGIN);
    expect(target.pathname).not.toMatch(/^\/[/\\]/);
    path = target.pathname + target.search;
    hops.push(path);
  }
  throw new Error(`in circles: ${hops.join(" → ")}`);
}

/** One request as middleware, page and /resume answer it; null when it is answered with a page. */
function nextHop(path: string, now: number, world: World, isStuck: () => boolean): string | null {
  const route = classifyRoute(path.split("?", 1)[0]!);
  const next = safeNextPath(new URL(path, ORIGIN).searchParams.get("next"));
  if (path.startsWith(`${RESUME}?`)) {
    if (world.isObedient) world.accessMadeAt = null;
    return world.accessMadeAt !== null && isStuck() ? withNext(MAINTENANCE, next, { status: "400" }) : next;
  }
  if (world.accessMadeAt === null) return passGate({ kind: "document", path }, now, world);

  const isUsable = world.accessMadeAt <= now + 30 && now < world.accessMadeAt + ACCESS_SECONDS;
  if (route === "private") return isUsable ? null : withNext(RESUME, path);
  if (route !== "guest" && route !== "root") return null;
  if (!isUsable && world.hasRefreshCookie) return withNext(RESUME, route === "guest" ? next : path);
  if (route === "root") return isUsable ? HOME : LOGIN;
  return isUsable ? next : null;
}

function passGate(request: GateRequest, now: number, world: World): string | null {
  const credentials = { access: null, hasRefreshToken: world.hasRefreshCookie };
  let decision = decideGate(request, credentials, new Date(now * 1000));
  if (decision.kind === "refresh") {
    if (world.refreshing.kind === "refreshed" && world.isObedient) world.accessMadeAt = now;
    decision = decideAfterRefresh(request, world.refreshing, credentials);
    const clears = "clearCookies" in decision && decision.clearCookies === true;
    if (clears) expect(world.refreshing.kind).toBe("ended");
    if (clears && world.isObedient) world.hasRefreshCookie = false;
  }
  expect(decision.kind).not.toBe("refuse");
  return decision.kind === "redirect" ? decision.to : null;
}

const anyPath = fc.oneof(
  fc.constantFrom("/", "/login", "/register", "/dashboard", "/dashboard/account", "/nowhere"),
  fc.constantFrom("/login", "/register", "/resume", "/maintenance", "/dashboard").chain((page) =>
    fc
      .oneof(
        fc.webUrl({ withQueryParameters: true }),
        fc.string({ unit: "binary", maxLength: 40 }),
        fc.constantFrom("//evil.test", "/\\evil.test", "/.//evil.test", "https:evil.test", "/resume", "/login", "/"),
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

const anyWorld = fc.record<World>({
  accessMadeAt: fc.option(fc.integer({ min: -2000, max: 2000 })),
  hasRefreshCookie: fc.boolean(),
  refreshing: fc.constantFrom<RefreshResult>(
    { kind: "refreshed" },
    { kind: "ended" },
    { kind: "unreadable" },
    { kind: "unavailable", status: 503 },
    { kind: "unavailable", status: 429 },
  ),
  clocks: fc.array(fc.integer({ min: -2000, max: 2000 }), { minLength: 1, maxLength: 8 }),
  isObedient: fc.boolean(),
});

test("no document request goes in circles or off-site, with any clock, any cookies and any next", () => {
  fc.assert(
    fc.property(anyPath, anyWorld, (path, world) => {
      travel(path, world);
    }),
    { numRuns: 600 },
  );
});

test("somebody who can be refreshed is never left at the login form, with any clock", () => {
  fc.assert(
    fc.property(anyPath, anyWorld, (path, world) => {
      const arrived = travel(path, {
        ...world,
        hasRefreshCookie: true,
        refreshing: { kind: "refreshed" },
        isObedient: true,
      });
      expect(classifyRoute(arrived.path.split("?", 1)[0]!)).not.toBe("guest");
    }),
    { numRuns: 300 },
  );
});

test("neither a call nor a router's request is ever led to the login form or robbed of cookies", () => {
  const results = anyWorld.map(({ refreshing }) => refreshing);
  const credentials = fc.record({
    access: fc.option(fc.record({ refreshDueAt: fc.date({ noInvalidDate: true }) })),
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

test("what is unavailable never costs anybody a cookie", () => {
  fc.assert(
    fc.property(
      fc.constantFrom("call" as const, "soft" as const, "document" as const),
      anyPath,
      fc.constantFrom(429 as const, 503 as const),
      fc.boolean(),
      (kind, path, status, hasAccess) => {
        const credentials = { access: hasAccess ? { refreshDueAt: new Date(0) } : null, hasRefreshToken: true };
        const decision = decideAfterRefresh({ kind, path }, { kind: "unavailable", status }, credentials);
        expect("clearCookies" in decision && decision.clearCookies).not.toBe(true);
      },
    ),
  );
});
