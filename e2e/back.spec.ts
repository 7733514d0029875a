import { expect, test } from "@/e2e/kit";

test("Back after signing out shows no private page", async ({ signedInPage: page, account }) => {
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

test("a page restored from the back/forward cache hides its content and reloads", async ({
  signedInPage: page,
  account,
  newCalls,
}) => {
  await page.goto("/dashboard");
  await expect(page.getByText(account.email)).toBeVisible();
  const elsewhere = await newCalls();
  await elsewhere.signIn(account);
  await elsewhere.mutate("auth.logoutAll");

  // Chromium does not cache pages with no-store, other browsers do: simulate their events.
  await page.evaluate(() => dispatchEvent(new PageTransitionEvent("pagehide", { persisted: true })));
  await expect(page.getByText(account.email)).toBeHidden();
  await page.evaluate(() => dispatchEvent(new PageTransitionEvent("pageshow", { persisted: true })));
  await expect(page.getByRole("heading", { name: "Sign in" })).toBeVisible();
  await expect(page.getByText(account.email)).toHaveCount(0);
});

test("logout: the button is disabled until the scripts of the page have loaded, so that no click on it is lost", async ({
  signedInPage: page,
}) => {
  let release = () => {};
  const held = new Promise<void>((resolve) => (release = resolve));
  await page.route("**/_next/static/**/*.js", async (route) => {
    await held;
    await route.continue();
  });
  await page.goto("/dashboard", { waitUntil: "commit" });
  const button = page.getByRole("button", { name: "Sign out" });
  await expect(button).toBeDisabled();
  release();
  await button.click();
  await expect(page).toHaveURL(/\/login$/);
});
