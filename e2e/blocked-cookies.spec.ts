import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { BrowserContext, Page } from "@playwright/test";
import { CHROMIUM_ARGUMENTS, findChromium } from "@/scripts/chromium.mjs";
import { expect, test as base } from "@/e2e/kit";
import { generateAccount, type Account } from "@/e2e/kit/accounts";
import type { Calls } from "@/e2e/kit/calls";
import { loginForm, registerForm } from "@/e2e/kit/forms";

const COOKIES_NEEDED = "Signing in needs cookies, and your browser does not keep them for this site.";
const BLOCKED = 2;

/** A browser whose settings block cookies, and therefore all page storage. */
const test = base.extend<{ blockingBrowser: BrowserContext }>({
  blockingBrowser: async ({ playwright, baseURL }, use) => {
    const profile = mkdtempSync(join(tmpdir(), "portcullis-blocking-"));
    mkdirSync(join(profile, "Default"));
    const preferences = { profile: { default_content_setting_values: { cookies: BLOCKED } } };
    writeFileSync(join(profile, "Default", "Preferences"), JSON.stringify(preferences));
    const context = await playwright.chromium.launchPersistentContext(profile, {
      executablePath: findChromium(),
      args: CHROMIUM_ARGUMENTS,
      baseURL,
    });
    await use(context);
    await context.close();
    rmSync(profile, { recursive: true, force: true });
  },
});

/** The number of sessions besides the caller's own. */
async function countOtherSessions(calls: Calls, account: Pick<Account, "email" | "password">): Promise<number> {
  await calls.signIn(account);
  const { data } = await calls.query("sessions.list");
  return data.filter(({ current }) => !current).length;
}

/** Forwards the call and removes some of the cookies from the response. */
async function filterSetCookies(page: Page, calls: Calls, procedure: string, isKept: (cookie: string) => boolean) {
  await page.route(`**/api/trpc/${procedure}`, async (route) => {
    const request = route.request();
    const response = await calls.request.post(request.url(), {
      headers: await request.allHeaders(),
      data: request.postDataBuffer() ?? Buffer.alloc(0),
      maxRedirects: 0,
    });
    const headers = response.headersArray().filter(({ name }) => name.toLowerCase() !== "set-cookie");
    const cookies = response
      .headersArray()
      .filter(({ name, value }) => name.toLowerCase() === "set-cookie" && isKept(value));
    await route.fulfill({
      status: response.status(),
      headers: {
        ...Object.fromEntries(headers.map(({ name, value }) => [name, value])),
        ...(cookies.length > 0 && { "set-cookie": cookies.map(({ value }) => value).join("\n") }),
      },
      body: await response.body(),
    });
  });
}

test("login: when the browser blocks cookies, the page says so before the first attempt, and an attempt leaves no session", async ({
  blockingBrowser,
  account,
  calls,
}) => {
  const page = await blockingBrowser.newPage();
  await page.goto("/login");
  const form = loginForm(page);
  await expect(form.problem).toContainText(COOKIES_NEEDED);
  await form.fill(account);
  await form.submit.click();
  await expect(form.problem).toContainText(COOKIES_NEEDED);
  await expect(form.email).toHaveValue(account.email);
  await expect(form.password).toHaveValue(account.password);
  await expect(page).toHaveURL(/\/login$/);
  expect(await countOtherSessions(calls, account)).toBe(0);
});

test("register: when the browser blocks cookies, the page says so and creates no account", async ({
  blockingBrowser,
  calls,
}) => {
  const page = await blockingBrowser.newPage();
  await page.goto("/register");
  const form = registerForm(page);
  await expect(form.problem).toContainText(COOKIES_NEEDED);
  const { email, password, fullName } = generateAccount();
  await form.fill({ email, password, fullName });
  await form.submit.click();
  await expect(form.problem).toContainText(COOKIES_NEEDED);
  expect((await calls.mutate("auth.login", { email, password })).error?.reason).toBe("INVALID_CREDENTIALS");
});

for (const [what, isKept] of [
  ["drops the cookies that the server sets", () => false],
  ["keeps only the access cookie", (cookie: string) => cookie.includes("__acc")],
] as const) {
  test(`login: when an extension ${what}, the form says that cookies are needed, and no session remains`, async ({
    page,
    account,
    newCalls,
  }) => {
    await filterSetCookies(page, await newCalls(), "auth.login", isKept);
    await page.goto("/login");
    const form = loginForm(page);
    await form.fill(account);
    await form.submit.click();
    await expect(form.problem).toContainText(COOKIES_NEEDED);
    await expect(form.password).toHaveValue(account.password);
    expect(await countOtherSessions(await newCalls(), account)).toBe(0);
  });
}

test("register: when an extension drops the cookies that the server sets, the form says so, and no session remains", async ({
  page,
  newCalls,
}) => {
  await filterSetCookies(page, await newCalls(), "auth.register", () => false);
  await page.goto("/register");
  const form = registerForm(page);
  const details = generateAccount();
  await form.fill(details);
  await form.submit.click();
  await expect(form.problem).toContainText(COOKIES_NEEDED);
  expect(await countOtherSessions(await newCalls(), details)).toBe(0);
});

test("login: when cookies are deleted before the next page, that page says so, and no session remains", async ({
  page,
  context,
  account,
  newCalls,
}) => {
  await page.route("**/dashboard", async (route) => {
    await context.clearCookies();
    await route.continue();
  });
  await page.goto("/login");
  const form = loginForm(page);
  await form.fill(account);
  await form.submit.click();
  await expect(page).toHaveURL(/\/login\?next=/);
  await expect(form.problem).toContainText(COOKIES_NEEDED);
  await expect.poll(async () => countOtherSessions(await newCalls(), account)).toBe(0);
  await page.reload();
  await expect(form.submit).toBeEnabled();
  await expect(form.problem, "said once").toBeEmpty();
});

test("login: when cookies are stored, neither a login nor a logout soon after it mentions cookies", async ({
  page,
  account,
}) => {
  await page.goto("/login");
  const form = loginForm(page);
  await form.fill(account);
  await form.submit.click();
  await page.getByRole("button", { name: "Sign out" }).click();
  await expect(page.getByRole("heading", { name: "Sign in" })).toBeVisible();
  await expect(form.submit).toBeEnabled();
  await expect(form.problem).toBeEmpty();
});
