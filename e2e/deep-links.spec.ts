import type { Page } from "@playwright/test";
import { expect, test } from "@/e2e/kit";
import { generateAccount } from "@/e2e/kit/accounts";
import { replaceAccessToken } from "@/e2e/kit/cookies";
import { loginForm, registerForm } from "@/e2e/kit/forms";

const DEEP_LINK = "/dashboard/account?tab=name&q=a%20b";

const UNSAFE_PATHS = [
  "//evil.test",
  "/\\evil.test",
  "/.//evil.test",
  "/%2f%2fevil.test",
  "%2f%2fevil.test",
  "/%252f%252fevil.test",
  "///evil.test",
  "https://evil.test",
  "javascript:alert(1)",
  "data:text/html,hi",
  "/\t/evil.test",
  "/\n/evil.test",
  "\u0000/evil",
  "evil.test",
  "@evil.test",
  "",
  "/api/trpc/auth.logout",
  "/%61pi/trpc/auth.session",
  "/dashboard/../api/trpc/auth.session",
  "/_next/static/x",
  "/health",
  "/icon.svg",
  "/resume",
  "/maintenance",
  "/.well-known/change-password",
];

test("deep link: login returns to it", async ({ page, account, baseURL }) => {
  await page.goto(DEEP_LINK);
  await expect(page).toHaveURL(`${baseURL}/login?next=${encodeURIComponent(DEEP_LINK).replaceAll("%20", "+")}`);
  const form = loginForm(page);
  await form.fill(account);
  await form.submit.click();
  await expect(page).toHaveURL(baseURL + DEEP_LINK);
  await expect(page.getByRole("heading", { level: 1, name: "Account" })).toBeVisible();
});

test("deep link: registration returns to it", async ({ page, baseURL }) => {
  await page.goto(DEEP_LINK);
  await page.getByRole("link", { name: "Create an account" }).click();
  const form = registerForm(page);
  await form.fill(generateAccount());
  await form.submit.click();
  await expect(page).toHaveURL(baseURL + DEEP_LINK);
});

const WITH_FRAGMENT = "/dashboard/account?tab=2#password";

/** The link gets the fragment when the page is hydrated: the server does not see it. */
async function followWithFragment(page: Page, name: string): Promise<void> {
  const link = page.getByRole("link", { name });
  await expect(link).toHaveAttribute("href", /#password$/);
  await link.click();
}

test("deep link: the fragment survives switching between the forms, a failed login and the login", async ({
  page,
  account,
  baseURL,
}) => {
  await page.goto(WITH_FRAGMENT);
  await expect(page).toHaveURL(/\/login\?next=.*#password$/);
  await followWithFragment(page, "Create an account");
  await expect(page).toHaveURL(/\/register\?next=.*#password$/);
  await followWithFragment(page, "Sign in");
  const form = loginForm(page);
  await form.fill({ email: account.email, password: "not the password at all" });
  await form.submit.click();
  await expect(form.problem).toContainText("incorrect");
  await form.fill(account);
  await form.submit.click();
  await expect(page).toHaveURL(baseURL + WITH_FRAGMENT);
});

test("deep link: the fragment survives a registration", async ({ page, baseURL }) => {
  await page.goto(WITH_FRAGMENT);
  await followWithFragment(page, "Create an account");
  const form = registerForm(page);
  await form.fill(generateAccount());
  await form.submit.click();
  await expect(page).toHaveURL(baseURL + WITH_FRAGMENT);
});

test("deep link: the fragment survives the redirect that drops an invalid access cookie, and the maintenance page", async ({
  signedInPage: page,
  context,
  baseURL,
}) => {
  await replaceAccessToken(context);
  await page.goto(WITH_FRAGMENT);
  await expect(page).toHaveURL(baseURL + WITH_FRAGMENT);
  await page.goto(`/maintenance?status=503&next=${encodeURIComponent("/dashboard/account?tab=2")}#password`);
  await page.getByRole("button", { name: "Retry now" }).click();
  await expect(page).toHaveURL(baseURL + WITH_FRAGMENT);
});

test("deep link: the fragment survives a login in another tab", async ({ page, account, openTab, baseURL }) => {
  await page.goto(WITH_FRAGMENT);
  const other = await openTab("/login");
  const form = loginForm(other);
  await form.fill(account);
  await form.submit.click();
  await expect(page).toHaveURL(baseURL + WITH_FRAGMENT);
});

test("deep link: a password manager's link to change the password leads to its form, after the login", async ({
  page,
  account,
  baseURL,
}) => {
  await page.goto("/.well-known/change-password");
  await expect(page).toHaveURL(`${baseURL}/login?next=%2Fdashboard%2Fsecurity#password`);
  const form = loginForm(page);
  await form.fill(account);
  await form.submit.click();
  await expect(page).toHaveURL(`${baseURL}/dashboard/security#password`);
  await expect(page.getByLabel("Current password", { exact: true })).toBeInViewport();

  await page.goto("/.well-known/change-password");
  await expect(page).toHaveURL(`${baseURL}/dashboard/security#password`);
});

test("deep link: a fragment never leads to another site or runs a script", async ({ page, account, baseURL }) => {
  for (const fragment of [
    "#//evil.test",
    "#javascript:alert(1)",
    "#/../../evil",
    "#\\\\evil.test",
    "#<img src=x onerror=alert(1)>",
  ]) {
    // The overview may still be loading, and without cookies leads to the login page by itself.
    await page.goto("about:blank");
    await page.context().clearCookies();
    await page.goto(`/login?next=/dashboard${fragment}`);
    const form = loginForm(page);
    await form.fill(account);
    await form.submit.click();
    await expect(page.getByRole("heading", { level: 1 })).toContainText("Hello");
    expect(new URL(page.url()).origin + new URL(page.url()).pathname).toBe(`${baseURL}/dashboard`);
  }
});

test("wrong origin: the forms name the app's own origin and link to the same page there", async ({
  page,
  account,
  baseURL,
}) => {
  const { port } = new URL(baseURL!);
  const query = "?next=%2Fdashboard%2Faccount#password";
  for (const [path, formOf] of [
    ["/register", registerForm],
    ["/login", loginForm],
  ] as const) {
    await page.goto(`http://127.0.0.1:${port}${path}${query}`);
    await expect(formOf(page).problem).toContainText(
      `This page was opened at http://127.0.0.1:${port}, but this app can only be used at ${baseURL}.`,
    );
    const link = page.getByRole("link", { name: "Open this page there" });
    await expect(link).toHaveAttribute("href", `${baseURL}${path}${query}`);
  }
  const form = loginForm(page);
  await form.fill(account);
  await form.submit.click();
  await expect(form.problem).toContainText(`this app can only be used at ${baseURL}.`);
  await page.getByRole("link", { name: "Open this page there" }).click();
  await expect(form.submit).toBeEnabled();
  await expect(form.problem).toBeEmpty();
  await form.fill(account);
  await form.submit.click();
  await expect(page).toHaveURL(`${baseURL}/dashboard/account#password`);
});

test("deep link: a next parameter that leads to another site leads to the dashboard", async ({
  page,
  account,
  baseURL,
}) => {
  await page.goto("/login?next=/.//evil.test");
  const form = loginForm(page);
  await form.fill(account);
  await form.submit.click();
  await expect(page).toHaveURL(`${baseURL}/dashboard`);
});

test("deep link: a next parameter that is no page of the app is replaced with the dashboard for guests and members", async ({
  newCalls,
  account,
  baseURL,
}) => {
  const guest = await newCalls();
  expect(guest.origin).toBe(baseURL);
  const member = await newCalls();
  for (const next of UNSAFE_PATHS) {
    // A session for each, because the redirect-loop guard counts requests with the same cookies.
    await member.signIn(account);
    const query = `next=${encodeURIComponent(next)}`;
    const page = await (await guest.request.get(`${baseURL}/login?${query}`)).text();
    expect(page, query).toContain('href="/register?next=%2Fdashboard"');
    expect(page.replaceAll(next, "").includes('href="//'), query).toBe(false);

    for (const path of ["/login", "/register", "/resume"]) {
      const response = await member.request.get(`${baseURL}${path}?${query}`, { maxRedirects: 0 });
      expect(response.status(), `${path}?${query}`).toBe(307);
      const { href } = new URL(response.headers().location ?? "", baseURL);
      expect(href, `${path}?${query}`).toBe(`${baseURL}/dashboard`);
    }
  }
});
