import type { APIResponse } from "@playwright/test";
import { expect, test } from "./kit";
import type { Calls } from "./kit/calls";
import { FORGED_TOKEN } from "./kit/cookies";

const PRIVATE_PAGES = ["/dashboard", "/dashboard/sessions", "/dashboard/account", "/dashboard/security"];
const MAX_REDIRECTS = 20;

test.describe("a client that keeps sending cookies that the server cleared", () => {
  for (const [what, cookie] of [
    ["an invalid access cookie", () => `__acc=${FORGED_TOKEN}`],
    ["two invalid cookies", () => `__acc=${FORGED_TOKEN}; __ref=${FORGED_TOKEN}`],
    ["an invalid access cookie and a valid refresh cookie", (refresh: string) => `__acc=x; __ref=${refresh}`],
    ["an access cookie of the other name", (refresh: string) => `__Host-__acc=x; __ref=${refresh}`],
  ] as const) {
    test(`reaches a page without a redirect loop: ${what}`, async ({ newCalls, account }) => {
      const calls = await newCalls();
      const { setCookies } = await calls.signIn(account);
      const refresh = setCookies.find(({ name }) => name === "__ref")?.value ?? "";
      // A new client, because this one must not store cookies from the responses.
      for (const path of [...PRIVATE_PAGES, "/", "/login", "/register"]) {
        const { status, hops } = await followRedirects(await newCalls(), path, cookie(refresh));
        expect(status, hops.join(" → ")).toBe(200);
      }
    });
  }
});

for (const headers of [
  { host: "evil.test" },
  { "x-forwarded-host": "evil.test", "x-forwarded-proto": "https" },
  { forwarded: "host=evil.test;proto=https" },
] as Record<string, string>[]) {
  test(`gate: a redirect never uses the host of ${Object.keys(headers).join(" and ")}`, async ({ calls, account }) => {
    for (const signedIn of [false, true]) {
      if (signedIn) await calls.signIn(account);
      for (const path of [
        "/",
        "/dashboard",
        "/login?next=/dashboard/account",
        "/resume?next=/dashboard",
        "/dashboard/",
      ]) {
        const response = await calls.request.get(calls.origin + path, { headers, maxRedirects: 0 });
        const { location } = response.headers();
        if (location !== undefined) expect(new URL(location, calls.origin).origin, path).toBe(calls.origin);
        expect(await response.text(), path).not.toContain("evil.test");
      }
    }
  });
}

test("gate: private pages and redirects are sent with private, no-store", async ({ calls, account }) => {
  const soft = { rsc: "1", "next-router-prefetch": "1" };
  const ask = async (path: string, headers = {}) =>
    expectNoStore(await calls.request.get(calls.origin + path, { headers, maxRedirects: 0 }));

  for (const path of [...PRIVATE_PAGES, "/", "/resume?next=/dashboard"]) await ask(path);
  for (const path of PRIVATE_PAGES) {
    const response = await calls.request.get(calls.origin + path, { headers: soft, maxRedirects: 0 });
    expect(response.status(), `${path} as a soft navigation`).toBe(401);
    expectNoStore(response);
  }

  const login = await calls.mutate("auth.login", { email: account.email, password: account.password });
  expect(login.headers["cache-control"]).toBe("private, no-store");
  for (const path of [...PRIVATE_PAGES, "/", "/login", "/register"]) await ask(path);
  for (const path of PRIVATE_PAGES) await ask(path, soft);

  const { refresh } = { refresh: login.setCookies.find(({ name }) => name === "__ref")?.value };
  for (const path of [...PRIVATE_PAGES, "/", "/login"]) {
    const response = await calls.request.get(calls.origin + path, {
      headers: { cookie: `__ref=${refresh}` },
      maxRedirects: 0,
    });
    expect(response.headers()["set-cookie"], `${path} is refreshed`).toContain("__acc=");
    expectNoStore(response);
  }
  expect((await calls.query("auth.session")).headers["cache-control"]).toBe("private, no-store");
});

test("an unknown path is answered 404 with the not-found page", async ({ page }) => {
  const response = await page.goto("/nowhere");
  expect(response?.status()).toBe(404);
  await expect(page.getByRole("heading", { level: 1, name: "Page not found" })).toBeVisible();
});

function expectNoStore(response: APIResponse): void {
  expect(response.headers()["cache-control"], `${response.url()} ${response.status()}`).toBe("private, no-store");
}

/** Follows redirects and always sends the same cookies. */
async function followRedirects({ request, origin }: Calls, path: string, cookie: string) {
  const hops = [path];
  for (;;) {
    const response = await request.get(origin + hops.at(-1), { headers: { cookie }, maxRedirects: 0 });
    const { location } = response.headers();
    if (location === undefined || hops.length > MAX_REDIRECTS) return { status: response.status(), hops };
    const { pathname, search } = new URL(location, origin);
    hops.push(pathname + search);
  }
}

test("maintenance: a page without JavaScript offers a link instead of the retry button", async ({
  browser,
  baseURL,
}) => {
  const context = await browser.newContext({ javaScriptEnabled: false, baseURL });
  const page = await context.newPage();
  await page.goto("/maintenance?status=503&next=%2Fdashboard%2Fsessions");
  await expect(page.getByRole("link", { name: "Try again" })).toHaveAttribute("href", "/dashboard/sessions");
  await expect(page.getByRole("button", { name: "Retry now" })).toBeHidden();
  await context.close();
});
