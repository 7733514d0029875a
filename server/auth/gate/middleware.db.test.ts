import { NextRequest } from "next/server";
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { revokeSession } from "@/db/tables/revocations";
import { readSession } from "@/db/testing";
import { middleware } from "@/middleware";
import { readCookies } from "@/server/auth/tokens/cookies";
import {
  countStatements,
  later,
  signedInSession,
  T0,
  useAppDatabase,
  type SignedInTestSession,
} from "@/server/auth/db-testing";
import { endSession } from "@/server/auth/sessions/end-session";
import { secondsAfter } from "@/server/auth/policy/lifetimes";
import { refresh } from "@/server/auth/sessions/refresh";
import { ADA, MALLORY } from "@/server/auth/testing";
import { closeDatabase } from "@/server/runtime/database";
import { env } from "@/server/runtime/env";

const database = useAppDatabase();
let session: SignedInTestSession;
beforeEach(async () => {
  session = await signedInSession(database.db, T0);
  vi.useFakeTimers({ toFake: ["Date"], now: later(700) });
});
afterEach(() => {
  vi.useRealTimers();
});

interface PageRequest {
  kind?: "document" | "soft";
  cookie?: string;
  client?: typeof ADA;
  headers?: Record<string, string>;
}

/** A page request as the entry forwards it. */
async function requestPage(path: string, { kind = "document", cookie, client = ADA, headers = {} }: PageRequest = {}) {
  const request = new NextRequest(`http://127.0.0.1:3000${path}`, {
    headers: {
      host: "evil.test",
      "x-forwarded-host": "evil.test",
      "x-forwarded-proto": "https",
      "user-agent": client.userAgent,
      "x-portcullis-address": client.address,
      "x-portcullis-path": path,
      "x-portcullis-kind": kind,
      cookie: cookie ?? `theme=dark; __ref=${session.refreshToken}`,
      ...headers,
    },
  });
  const response = await middleware(request);
  const set = response.headers.getSetCookie();
  return {
    status: response.status,
    to: response.headers.get("location"),
    set,
    clears: set.length > 0 && set.every((one) => /=; .*Max-Age=0$/.test(one)),
    cache: response.headers.get("cache-control"),
    proceeds: response.headers.get("x-middleware-next") === "1",
    /** The Cookie header that the page will see. */
    forwarded: response.headers.get("x-middleware-request-cookie"),
  };
}

const LOGIN_FIRST = "http://localhost:3000/login?next=%2Fdashboard%2Fsessions%3Fsort%3Dip";
const PAGE = "/dashboard/sessions?sort=ip";

describe("a private page without a valid access token", () => {
  test.each<[string, string | undefined]>([
    ["none", undefined],
    ["a forged one", "__acc=a.b.c; "],
    ["an empty one", "__acc=; "],
  ])("%s: refreshed in the same request, for the page as well as for the browser", async (_, access) => {
    const response = await requestPage(PAGE, { cookie: `theme=dark; ${access ?? ""}__ref=${session.refreshToken}` });
    expect(response).toMatchObject({ proceeds: true, clears: false, cache: "private, no-store" });
    expect(response.set.map((one) => one.split("=")[0])).toEqual(["__acc", "__ref"]);
    const pageSees = readCookies(response.forwarded);
    expect(response.forwarded).toContain("theme=dark; ");
    expect(response.set[0]).toContain(`__acc=${pageSees.accessToken};`);
    expect(response.set[1]).toContain(`__ref=${pageSees.refreshToken};`);
    expect((await readSession(database.db, session.id)).generation).toBe(1);
  });

  test("with 40 prefetches beside it: one rotation, all proceed, and still signed in later", async () => {
    const kinds = ["document" as const, ...Array<"soft">(40).fill("soft")];
    const statements = await countStatements(database.url, async () => {
      const responses = await Promise.all(kinds.map((kind) => requestPage(PAGE, { kind })));
      expect(responses.every(({ proceeds }) => proceeds)).toBe(true);
      expect(new Set(responses.map(({ set }) => set[1])).size).toBe(1);
    });
    expect(statements).toBe(2);
    vi.setSystemTime(later(720));
    const straggler = await requestPage(PAGE, { kind: "soft" });
    expect(straggler.proceeds).toBe(true);
    vi.setSystemTime(later(1400));
    const { refreshToken } = readCookies(straggler.forwarded);
    expect((await requestPage(PAGE, { cookie: `__ref=${refreshToken}` })).proceeds).toBe(true);
  });

  test("in three tabs that resume after a night: all are signed in", async () => {
    vi.setSystemTime(later(9 * 3600));
    const responses = await Promise.all(["/dashboard", PAGE, "/dashboard/account"].map((page) => requestPage(page)));
    expect(responses.map(({ proceeds }) => proceeds)).toEqual([true, true, true]);
  });
});

describe("a session that has ended", () => {
  beforeEach(() => endSession(database.db, { id: session.id }, "revoked by user"));

  test("leads to the login form and clears the cookies, on a document only", async () => {
    expect(await requestPage(PAGE)).toMatchObject({
      status: 307,
      to: LOGIN_FIRST,
      clears: true,
      cache: "private, no-store",
    });
    const soft = await requestPage(PAGE, { kind: "soft" });
    expect(soft).toMatchObject({ status: 401, to: null, set: [], cache: "private, no-store" });
  });

  test("shows the login form itself without a redirect, and clears the cookies", async () => {
    const response = await requestPage("/login?next=%2Fdashboard");
    expect(response).toMatchObject({ proceeds: true, clears: true, forwarded: "theme=dark" });
  });
});

test.each(["replaced by login", "password changed"])(
  "a session that was %s a moment ago keeps the cookies: newer ones may be in transit to the same browser",
  async (reason) => {
    // A revocation has the time of the database, so this session must be opened at the current time.
    const { id, refreshToken } = await signedInSession(database.db, new Date(performance.timeOrigin));
    await revokeSession(database.db, { id, reason });
    const { revokedAt } = await readSession(database.db, id);
    const cookie = `__ref=${refreshToken}`;
    vi.setSystemTime(secondsAfter(revokedAt!, 29));
    expect(await requestPage(PAGE, { cookie })).toMatchObject({ status: 307, to: LOGIN_FIRST, set: [] });
    expect(await requestPage("/login?next=%2Fdashboard", { cookie })).toMatchObject({ proceeds: true, set: [] });
    vi.setSystemTime(secondsAfter(revokedAt!, 31));
    expect(await requestPage(PAGE, { cookie })).toMatchObject({ to: LOGIN_FIRST, clears: true });
  },
);

test("a replayed token ends the session, and clears the cookies on a document only", async () => {
  await refresh(database.db, session.refreshToken, ADA, later(600));
  expect(await requestPage(PAGE, { kind: "soft", client: MALLORY })).toMatchObject({ status: 401, set: [] });
  expect(await requestPage(PAGE, { client: MALLORY })).toMatchObject({ to: LOGIN_FIRST, clears: true });
});

test("a document without cookies leads to the login form with a `next`; a soft navigation gets a 401", async () => {
  const response = await requestPage(PAGE, { cookie: "" });
  expect(response).toMatchObject({ status: 307, to: LOGIN_FIRST, set: [], cache: "private, no-store" });
  expect(await requestPage(PAGE, { cookie: "", kind: "soft" })).toMatchObject({ status: 401, set: [] });
  expect(await requestPage("/", { cookie: "" })).toMatchObject({ to: "http://localhost:3000/login" });
});

test.each(["garbage", "a.b.c", "x".repeat(3000)])(
  "a refresh cookie that we did not issue (%s) is kept",
  async (token) => {
    expect(await requestPage(PAGE, { cookie: `__ref=${token}` })).toMatchObject({ to: LOGIN_FIRST, set: [] });
  },
);

describe("where a verified email is required", () => {
  beforeEach(() => {
    env().REQUIRE_VERIFIED_EMAIL = true;
  });
  afterEach(() => {
    env().REQUIRE_VERIFIED_EMAIL = false;
  });
  const VERIFICATION = "/verify-email?next=%2Fdashboard%2Fsessions%3Fsort%3Dip";
  const TO_VERIFICATION = `http://localhost:3000${VERIFICATION}`;

  test("a refresh keeps an unverified user on the page of the verification, with the new cookies", async () => {
    const response = await requestPage(PAGE);
    expect(response).toMatchObject({ status: 307, to: TO_VERIFICATION, clears: false, cache: "private, no-store" });
    expect(response.set).toHaveLength(2);
    const { refreshToken } = readCookies(response.set.map((one) => one.split(";")[0]).join("; "));
    expect(await requestPage(VERIFICATION, { cookie: `__ref=${refreshToken}` })).toMatchObject({ proceeds: true });
  });

  test("a soft navigation gets a 401, for one full page load", async () => {
    const response = await requestPage(PAGE, { kind: "soft" });
    expect(response).toMatchObject({ status: 401, to: null, cache: "private, no-store" });
    expect(response.set).toHaveLength(2);
  });

  test("once the email is verified the next refresh leads on, from that page as from every other", async () => {
    await database.db.updateTable("users").set({ emailVerifiedAt: T0 }).where("id", "=", session.userId).execute();
    expect(await requestPage(VERIFICATION)).toMatchObject({ status: 307, to: `http://localhost:3000${PAGE}` });
    expect(await requestPage(PAGE)).toMatchObject({ proceeds: true });
  });

  test("the page of the verification is shown without cookies and after the end of a session", async () => {
    expect(await requestPage(VERIFICATION, { cookie: "" })).toMatchObject({ proceeds: true, set: [] });
    await endSession(database.db, { id: session.id }, "revoked by user");
    expect(await requestPage(VERIFICATION)).toMatchObject({ proceeds: true, clears: true });
  });
});

describe("guest pages", () => {
  test("redirect to `next` with the new cookies if the tokens can be refreshed", async () => {
    const response = await requestPage("/login?next=%2Fdashboard%2Faccount");
    expect(response).toMatchObject({ status: 307, to: "http://localhost:3000/dashboard/account", clears: false });
    expect(response.set).toHaveLength(2);
  });

  test.each(["//evil.test", "https://evil.test", "/\\evil.test", "/.//evil.test"])(
    "never redirect to %s",
    async (next) => {
      const { to } = await requestPage(`/login?next=${encodeURIComponent(next)}`);
      expect(to).toBe("http://localhost:3000/dashboard");
    },
  );

  test("are shown without cookies", async () => {
    expect(await requestPage("/login", { cookie: "" })).toMatchObject({ proceeds: true, set: [] });
  });
});

describe("while the database is unavailable", () => {
  beforeEach(async () => {
    await closeDatabase();
    env().DATABASE_URL = "mysql://root@127.0.0.1:9/nothing";
  });
  afterEach(async () => {
    await closeDatabase();
    env().DATABASE_URL = database.url;
  });

  test("the maintenance page is shown, the cookies are kept, and pages proceed once it is back", async () => {
    const to = "http://localhost:3000/maintenance?status=503&next=%2Fdashboard%2Fsessions%3Fsort%3Dip";
    for (let count = 0; count < 3; count++) {
      expect(await requestPage(PAGE)).toMatchObject({ status: 307, to, set: [], cache: "private, no-store" });
    }
    await closeDatabase();
    env().DATABASE_URL = database.url;
    expect((await requestPage(PAGE)).proceeds).toBe(true);
  });
});

test("too many refreshes lead to the maintenance page, and keep the cookies", async () => {
  for (let count = 0; count < 60; count++) await refresh(database.db, session.refreshToken, ADA, later(700));
  const to = "http://localhost:3000/maintenance?status=429&next=%2Fdashboard%2Fsessions%3Fsort%3Dip";
  expect(await requestPage(PAGE)).toMatchObject({ to, set: [] });
});

test("a page that needs no decision proceeds unchanged", async () => {
  for (const path of ["/maintenance?status=503&next=%2Fdashboard", "/resume?next=%2F", "/nowhere"]) {
    expect(await requestPage(path)).toMatchObject({ proceeds: true, set: [], forwarded: null });
  }
});

test("a request that did not come through the entry is a fault: its address is unknown", async () => {
  const request = new NextRequest("http://localhost:3000/dashboard", { headers: { "x-forwarded-for": "192.0.2.1" } });
  await expect(middleware(request)).rejects.toThrow("entry");
});
