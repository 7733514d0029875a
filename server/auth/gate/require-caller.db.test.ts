import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import {
  cookieHeader,
  countStatements,
  signedInSession,
  useAppDatabase,
  type SignedInTestSession,
} from "@/server/auth/db-testing";
import { endSession } from "@/server/auth/sessions/end-session";
import { ADA, MALLORY } from "@/server/auth/testing";
import { env } from "@/server/runtime/env";
import { callerToVerify, currentCaller, redirectIfSignedIn, requireCaller } from "./require-caller";

// The request that Next.js is rendering. Its redirect ends the rendering by a throw.
const rendering = { headers: new Headers() };
vi.mock("next/headers", () => ({ headers: async () => rendering.headers }));
vi.mock("next/navigation", () => ({
  redirect: (to: string) => {
    throw new Error(`to ${to}`);
  },
}));

const database = useAppDatabase();
let session: SignedInTestSession;
beforeEach(async () => {
  session = await signedInSession(database.db, new Date());
});

/** Renders a page whose request has these cookies, without the middleware. */
async function render<Result>(page: () => Promise<Result>, cookie: string, client = ADA): Promise<Result | string> {
  rendering.headers = new Headers({
    cookie,
    "user-agent": client.userAgent,
    "x-portcullis-address": client.address,
    "x-portcullis-path": "/dashboard/sessions?sort=ip",
  });
  return page().catch((error: Error) => error.message);
}

const good = () => cookieHeader(session);
const TO_LOGIN = "to /login?next=%2Fdashboard%2Fsessions%3Fsort%3Dip";
const TO_RESUME = "to /resume?next=%2Fdashboard%2Fsessions%3Fsort%3Dip";

describe("a private page checks its caller itself: without the middleware it", () => {
  test("is shown to a signed-in caller, without a statement", async () => {
    const statements = await countStatements(database.url, async () => {
      expect(await render(requireCaller, good())).toMatchObject({ session: { id: session.id } });
    });
    expect(statements).toBe(0);
  });

  test.each<[string, string, () => string]>([
    ["a request without cookies", TO_LOGIN, () => ""],
    ["a request with a refresh cookie only", TO_LOGIN, () => `__ref=${session.refreshToken}`],
    ["a request with a forged token", TO_RESUME, () => "__acc=a.b.c"],
    ["a request with the cookie twice", TO_RESUME, () => `${good()}; ${good()}`],
    ["a request with a refresh token in the access cookie", TO_RESUME, () => `__acc=${session.refreshToken}`],
    ["a request with the cookie name of another scheme", TO_RESUME, () => `__Host-__acc=${session.accessToken}`],
  ])("is not shown to %s", async (_, redirect, cookie) => {
    expect(await render(requireCaller, cookie())).toBe(redirect);
  });

  test("is not shown with a token that another client presents", async () => {
    expect(await render(requireCaller, good(), MALLORY)).toBe(TO_RESUME);
  });

  test("is not shown to a session that was just revoked", async () => {
    await endSession(database.db, { id: session.id }, "logout");
    expect(await render(requireCaller, good())).toBe(TO_RESUME);
  });

  test("is not shown once the token has expired", async () => {
    vi.useFakeTimers({ toFake: ["Date"], now: Date.now() + 601_000 });
    expect(await render(requireCaller, good())).toBe(TO_RESUME);
    vi.useRealTimers();
  });
});

describe("where a verified email is required", () => {
  beforeEach(() => {
    env().REQUIRE_VERIFIED_EMAIL = true;
  });
  afterEach(() => {
    env().REQUIRE_VERIFIED_EMAIL = false;
  });

  test("a private page redirects a caller whose email is not verified, without a statement", async () => {
    const statements = await countStatements(database.url, async () => {
      const to = "to /verify-email?next=%2Fdashboard%2Fsessions%3Fsort%3Dip";
      expect(await render(requireCaller, good())).toBe(to);
    });
    expect(statements).toBe(0);
  });

  test("a private page is shown to a caller whose email is verified", async () => {
    session = await signedInSession(database.db, new Date(), { emailVerifiedAt: new Date() });
    expect(await render(requireCaller, good())).toMatchObject({ session: { id: session.id }, isEmailVerified: true });
  });
});

describe("the page that asks for the verification", () => {
  const show = (cookie: string) => render(() => callerToVerify("/dashboard/account"), cookie);

  test("has the caller whose email is not verified, whether that is required or not", async () => {
    expect(await show(good())).toMatchObject({ user: { id: session.userId }, isEmailVerified: false });
  });

  test("redirects a caller whose email is verified to `next`", async () => {
    session = await signedInSession(database.db, new Date(), { emailVerifiedAt: new Date() });
    expect(await show(good())).toBe("to /dashboard/account");
  });

  test("redirects no request without a valid token, because private pages redirect here", async () => {
    for (const cookie of ["", "__acc=a.b.c", `__acc=a.b.c; __ref=${session.refreshToken}`]) {
      expect(await show(cookie)).toBeNull();
    }
  });
});

describe("a page that guests may see", () => {
  test("has the caller if there is one", async () => {
    expect(await render(currentCaller, good())).toMatchObject({ user: { id: session.userId } });
    expect(await render(currentCaller, "")).toBeNull();
    expect(await render(currentCaller, "__acc=a.b.c")).toBeNull();
  });

  test("redirects to /resume if the tokens can be refreshed, and not to the login form", async () => {
    expect(await render(currentCaller, `__acc=a.b.c; __ref=${session.refreshToken}`)).toBe(TO_RESUME);
  });

  test("redirects a signed-in caller to `next` if it is on this origin", async () => {
    expect(await render(() => redirectIfSignedIn("/dashboard/account"), good())).toBe("to /dashboard/account");
    expect(await render(() => redirectIfSignedIn("//evil.test"), good())).toBe("to /dashboard");
    expect(await render(() => redirectIfSignedIn("/dashboard"), "")).toBeUndefined();
    const stale = `__acc=a.b.c; __ref=${session.refreshToken}`;
    expect(await render(() => redirectIfSignedIn("/dashboard/account"), stale)).toBe(
      "to /resume?next=%2Fdashboard%2Faccount",
    );
  });
});
