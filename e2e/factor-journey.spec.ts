import type { Page } from "@playwright/test";
import { expect, test } from "@/e2e/kit";
import { generateAccount, type NewAccount } from "@/e2e/kit/accounts";
import { Authenticator } from "@/e2e/kit/authenticator";
import { loginForm, registerForm } from "@/e2e/kit/forms";
import { AuthenticatorApp } from "@/e2e/kit/totp";

const CODE = "Code from your authenticator app";

async function signOut(page: Page): Promise<void> {
  await page.getByRole("button", { name: "Sign out", exact: true }).click();
  await expect(page.getByRole("heading", { level: 1, name: "Sign in" })).toBeVisible();
}

async function passFirstStep(page: Page, account: NewAccount): Promise<void> {
  await page.goto("/login?next=/dashboard/security");
  const form = loginForm(page);
  await form.fill(account);
  await form.submit.click();
  await expect(page.getByRole("heading", { level: 1, name: "One more step" })).toBeVisible();
}

/** Sets up the app whose secret the security page shows. */
async function turnOn(page: Page): Promise<AuthenticatorApp> {
  const app = new AuthenticatorApp((await page.getByRole("main").getByRole("code").textContent())!);
  await page.getByLabel(CODE).fill(await app.code());
  await page.getByRole("button", { name: "Turn on" }).click();
  return app;
}

test("second factors: a new user adds an app and a passkey, signs in by each, loses both, and comes back by a recovery code", async ({
  page,
  context,
}) => {
  const account = generateAccount();
  const authenticator = await Authenticator.attach(page);
  await page.goto("/register?next=/dashboard/security");
  const form = registerForm(page);
  await form.fill(account);
  await form.submit.click();

  await page.getByRole("button", { name: "Set up authenticator app" }).click();
  const app = await turnOn(page);
  const codes = page.getByRole("list", { name: "Recovery codes" }).getByRole("listitem");
  await expect(codes).toHaveCount(10);
  const [firstCode] = await codes.allTextContents();
  await page.getByRole("button", { name: "I have saved them" }).click();
  await page.getByRole("button", { name: "Add a passkey" }).click();
  await page.getByRole("button", { name: "Save name" }).click();
  const passkeys = page.getByRole("list", { name: "Passkeys" }).getByRole("listitem");
  await expect(passkeys).toHaveCount(1);

  await authenticator.confirmRequests(false);
  await signOut(page);
  await authenticator.waitForRequest();
  await authenticator.confirmRequests(true);
  await page.getByRole("button", { name: "Sign in with a passkey" }).click();
  await expect(page).toHaveURL(/\/dashboard$/);
  await authenticator.confirmRequests(false);
  await signOut(page);
  await passFirstStep(page, account);
  await page.getByLabel(CODE).fill(await app.code());
  await page.getByRole("button", { name: "Continue" }).click();
  await expect(page).toHaveURL(/\/dashboard\/security$/);
  await signOut(page);

  // Another browser: neither the device with the passkey nor the app is there.
  const other = await context.browser()!.newContext();
  const later = await other.newPage();
  await passFirstStep(later, account);
  await later.getByRole("button", { name: "Use a recovery code" }).click();
  await later.getByLabel("Recovery code").fill(firstCode!);
  await later.getByRole("button", { name: "Continue" }).click();
  await expect(later.getByText("9 of 10 codes are left.", { exact: false })).toBeVisible();
  const listed = later.getByRole("list", { name: "Passkeys" }).getByRole("listitem");
  await listed.getByRole("button", { name: /^Remove/ }).click();
  await later
    .getByRole("alertdialog")
    .getByRole("button", { name: /^Remove/ })
    .click();
  await expect(listed).toHaveCount(0);
  await later.getByRole("button", { name: "Replace" }).click();
  const newApp = await turnOn(later);
  await expect(later.getByText("The authenticator app is on.", { exact: false })).toBeVisible();

  await signOut(later);
  await passFirstStep(later, account);
  await later.getByLabel(CODE).fill(await newApp.code());
  await later.getByRole("button", { name: "Continue" }).click();
  await expect(later).toHaveURL(/\/dashboard\/security$/);
  await other.close();
});
