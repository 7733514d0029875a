import { expect, test } from "@/e2e/kit";

test("Back after signing out shows nothing private", async ({ signedInPage: page, account }) => {
  await page.goto("/dashboard");
  await page.getByRole("navigation", { name: "Main" }).getByRole("link", { name: "Account" }).click();
  await expect(page.getByRole("heading", { level: 1, name: "Account" })).toBeVisible();
  await page.goto("/dashboard/sessions");
  await page.getByRole("banner").getByRole("button", { name: "Sign out" }).click();
  await expect(page.getByRole("heading", { name: "Sign in" })).toBeVisible();

  for (let steps = 0; steps < 2; steps++) {
    await page.goBack();
    await expect(page.getByRole("heading", { name: "Sign in" })).toBeVisible();
    await expect(page.getByText(account.email)).toHaveCount(0);
  }
});

test.describe("in a browser that keeps whole pages for Back", () => {
  test("Back after signing out elsewhere shows nothing private either", async ({
    playwright,
    launchOptions,
    wire,
    baseURL,
    account,
    signIn,
  }) => {
    // Playwright switches the cache off, because a page that comes out of it confuses test suites.
    const browser = await playwright.chromium.launch({
      ...launchOptions,
      ignoreDefaultArgs: ["--disable-back-forward-cache"],
      args: ["--enable-features=BackForwardCache,CacheControlNoStoreEnterBackForwardCache"],
    });
    const context = await browser.newContext({ baseURL, proxy: { server: wire.url } });
    const calls = await signIn(context, account);
    const page = await context.newPage();
    await page.goto("/dashboard");
    await expect(page.getByText(account.email)).toBeVisible();
    await page.goto("/maintenance?status=503");
    await expect(page.getByRole("heading", { level: 1 })).toBeVisible();

    await calls.mutate("auth.logout");
    await page.goBack();
    await expect(page.getByRole("heading", { name: "Sign in" })).toBeVisible();
    await expect(page.getByText(account.email)).toHaveCount(0);
    await browser.close();
  });
});
