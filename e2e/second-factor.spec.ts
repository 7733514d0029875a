import { readFile } from "node:fs/promises";
import type { Page } from "@playwright/test";
import { expect, test } from "@/e2e/kit";
import { expectAccessible } from "@/e2e/kit/accessibility";
import type { Account } from "@/e2e/kit/accounts";
import { Calls } from "@/e2e/kit/calls";
import { loginForm } from "@/e2e/kit/forms";
import { AuthenticatorApp, signInWithCode } from "@/e2e/kit/totp";

const NEXT = "/dashboard/sessions";
const HEADING = "One more step";
const RECOVERY_CODE = /^\d+-[0-9A-Z]{4}-[0-9A-Z]{4}-[0-9A-Z]{4}-[0-9A-Z]{4}$/;

/** The page of the second step, by roles and labels. */
function secondStep(page: Page) {
  return {
    heading: page.getByRole("heading", { level: 1, name: HEADING }),
    code: page.getByLabel("Code from your authenticator app"),
    recoveryCode: page.getByLabel("Recovery code"),
    submit: page.getByRole("button", { name: "Continue" }),
    useRecoveryCode: page.getByRole("button", { name: "Use a recovery code" }),
    useApp: page.getByRole("button", { name: "Use your authenticator app" }),
    over: page.getByRole("heading", { level: 1, name: "This step is over" }),
    again: page.getByRole("link", { name: "Sign in again" }),
  };
}

/** Opens the login page with `next`, and leaves it by the right password. */
async function passFirstStep(page: Page, account: Account, next = NEXT): Promise<void> {
  await page.goto(`/login?next=${encodeURIComponent(next)}`);
  const form = loginForm(page);
  await form.fill(account);
  await form.submit.click();
  await expect(secondStep(page).heading).toBeVisible();
}

async function signOut(page: Page): Promise<void> {
  await page.getByRole("button", { name: "Sign out", exact: true }).click();
  await expect(page.getByRole("heading", { level: 1, name: "Sign in" })).toBeVisible();
}

/** The codes in an open list. */
async function shownCodes(page: Page): Promise<string[]> {
  const codes = page.getByRole("list", { name: "Recovery codes" }).getByRole("listitem");
  await expect(codes).toHaveCount(10);
  return codes.allTextContents();
}

test("second factor: an app is set up with the secret as text, and the next sign-in asks for its code", async ({
  signedInPage: page,
  account,
}) => {
  await page.goto("/dashboard/security");
  await expect(page.getByText("Your password alone opens this account.")).toBeVisible();
  await page.getByRole("button", { name: "Set up authenticator app" }).click();
  const picture = page.getByRole("img", { name: "QR code" });
  await expect(picture).toBeVisible();
  expect(
    await picture.evaluate((image: HTMLImageElement) => image.decode().then(() => image.naturalWidth)),
  ).toBeGreaterThan(0);
  const uri = new URL((await page.getByRole("link", { name: "Open it" }).getAttribute("href"))!);
  const secret = (await page.getByRole("main").getByRole("code").textContent())!;
  expect(uri.protocol).toBe("otpauth:");
  expect(uri.searchParams.get("secret")).toBe(secret.replaceAll(" ", ""));

  const app = new AuthenticatorApp(secret);
  const code = page.getByLabel("Code from your authenticator app");
  await code.fill(app.wrongCode());
  await code.press("Enter");
  await expect(code).toHaveAccessibleDescription(/^That code is not right\./);
  await expect(code).toBeFocused();
  await code.fill(await app.code());
  await page.getByRole("button", { name: "Turn on" }).click();

  const dialog = page.getByRole("dialog", { name: "Save your recovery codes" });
  await expect(dialog).toBeVisible();
  const codes = await shownCodes(page);
  for (const one of codes) expect(one).toMatch(RECOVERY_CODE);
  // Twice: of two without a click between them, Chromium lets a page prevent only the first from closing a dialog.
  await page.keyboard.press("Escape");
  await page.keyboard.press("Escape");
  await expect(dialog).toBeVisible();
  const downloaded = page.waitForEvent("download");
  await dialog.getByRole("button", { name: "Download" }).click();
  const file = await readFile(await (await downloaded).path(), "utf8");
  expect(file).toContain(account.email);
  expect(file).toContain(codes.join("\n"));
  await dialog.getByRole("button", { name: "I have saved them" }).click();
  await expect(page.getByText("The authenticator app is on.", { exact: false })).toBeVisible();
  await expect(page.getByText("10 of 10 codes are left.", { exact: false })).toBeVisible();
  await expect(page.getByText("Your password alone opens this account.")).toHaveCount(0);
  await expect(page.getByText(codes[0]!)).toHaveCount(0);

  await signOut(page);
  await passFirstStep(page, account);
  const step = secondStep(page);
  await expect(step.code).toBeFocused();
  await expect(step.code).toHaveAttribute("autocomplete", "one-time-code");
  await step.code.fill(await app.code());
  await step.code.press("Enter");
  await expect(page.getByRole("heading", { level: 1, name: "Devices" })).toBeVisible();
});

test("second factor: a recovery code replaces the app, pasted with blanks and in lower case, and works once", async ({
  page,
  account,
  totp,
}) => {
  const { recoveryCodes } = await totp(account);
  const typed = recoveryCodes[2]!.toLowerCase().replaceAll("-", " ");
  await passFirstStep(page, account, "/dashboard/security");
  const step = secondStep(page);
  await step.useRecoveryCode.click();
  await expect(step.recoveryCode).toBeFocused();
  await expect(page).toHaveURL(/\/second-factor\?next=/);
  await step.recoveryCode.fill(typed);
  await step.submit.click();
  await expect(page.getByText("9 of 10 codes are left.", { exact: false })).toBeVisible();

  await signOut(page);
  await passFirstStep(page, account);
  await step.useRecoveryCode.click();
  await step.recoveryCode.fill(typed);
  await step.submit.click();
  await expect(step.recoveryCode).toHaveAccessibleDescription(/it was used before/);
});

test("second factor: a wrong code is told at its field, which keeps the focus, and the right one then works", async ({
  page,
  account,
  totp,
}) => {
  const { app } = await totp(account);
  await passFirstStep(page, account);
  const step = secondStep(page);
  await step.submit.click();
  await expect(step.code).toHaveAccessibleDescription(/^Type the code\./);
  await step.code.fill(app.wrongCode());
  await step.submit.click();
  await expect(step.code).toHaveAccessibleDescription(/^That code is not right\./);
  await expect(step.code).toBeFocused();
  // An error of one method is not shown at the other.
  await step.useRecoveryCode.click();
  await expect(step.recoveryCode).not.toHaveAttribute("aria-invalid");
  await step.useApp.click();
  const code = await app.code();
  await step.code.fill(`${code.slice(0, 3)} ${code.slice(3)}`);
  await step.submit.click();
  await expect(page).toHaveURL(new RegExp(`${NEXT}$`));
});

test("second factor: the last recovery code is replaced by ten new ones, which are shown before the next page", async ({
  page,
  account,
  totp,
  newCalls,
}) => {
  const { recoveryCodes } = await totp(account);
  const calls = await newCalls();
  for (const code of recoveryCodes.slice(0, 9)) {
    await calls.signIn(account);
    const response = await calls.mutateWhenAccepted("auth.secondFactor", { method: "recovery-code", code });
    expect(response.status, response.text).toBe(200);
  }
  await passFirstStep(page, account);
  const step = secondStep(page);
  await step.useRecoveryCode.click();
  await step.recoveryCode.fill(recoveryCodes[9]!);
  await step.submit.click();
  await expect(page.getByRole("heading", { level: 1, name: "Save your new recovery codes" })).toBeFocused();
  const codes = await shownCodes(page);
  expect(codes.filter((code) => recoveryCodes.includes(code))).toEqual([]);
  await expectAccessible(page, "second step, new recovery codes");
  await page.getByRole("button", { name: "I have saved them, continue" }).click();
  await expect(page.getByRole("heading", { level: 1, name: "Devices" })).toBeVisible();
  await calls.signIn(account);
  const response = await calls.mutate("auth.secondFactor", { method: "recovery-code", code: codes[0]! });
  expect(response.status, response.text).toBe(200);
});

test("second factor: after five minutes the page says that the sign-in is over, and a link starts again with the same next", async ({
  page,
  account,
  totp,
}) => {
  await totp(account);
  await page.clock.install();
  await passFirstStep(page, account);
  const step = secondStep(page);
  await expect(page.getByText("within the next 5 minutes", { exact: false })).toBeVisible();
  // Hydrated: the page counts from then on.
  await expect(step.submit).toBeEnabled();
  await page.clock.fastForward("04:10");
  await expect(page.getByText("within the next minute", { exact: false })).toBeVisible();
  await page.clock.fastForward("00:55");
  await expect(step.over).toBeFocused();
  await step.again.click();
  await expect(page).toHaveURL(`/login?next=${encodeURIComponent(NEXT)}`);
});

test("second factor: a step that the server no longer knows is over, with and without a reload, and keeps next", async ({
  page,
  context,
  account,
  totp,
}) => {
  const { app } = await totp(account);
  await passFirstStep(page, account);
  const step = secondStep(page);
  await context.clearCookies({ name: /__chl/ });
  await step.code.fill(await app.code());
  await step.submit.click();
  await expect(step.over).toBeFocused();
  await expect(page.getByText("This sign-in took too long or was already finished.", { exact: false })).toBeVisible();
  await page.reload();
  await expect(page).toHaveURL(`/login?next=${encodeURIComponent(NEXT)}`);
});

test("second factor: a reload keeps the step, Back leaves it, and after the sign-in Back shows no form", async ({
  page,
  account,
  totp,
}) => {
  const { app } = await totp(account);
  await page.goto("/register");
  await passFirstStep(page, account);
  const step = secondStep(page);
  await page.reload();
  await expect(step.code).toBeFocused();
  await page.goBack();
  await expect(page.getByRole("heading", { level: 1, name: "Create an account" })).toBeVisible();
  await page.goForward();
  await step.code.fill(await app.code());
  await step.submit.click();
  await expect(page.getByRole("heading", { level: 1, name: "Devices" })).toBeVisible();
  await page.goBack();
  await expect(page.getByRole("heading", { level: 1, name: "Hello," })).toBeVisible();
  await expect(step.code).toHaveCount(0);
});

test("second factor: a sign-in that is finished in one tab goes on in the other, too", async ({
  page,
  account,
  totp,
  openTab,
}) => {
  const { app } = await totp(account);
  await passFirstStep(page, account);
  const other = await openTab("/second-factor?next=/dashboard/account");
  await expect(secondStep(other).code).toBeVisible();
  await secondStep(page).code.fill(await app.code());
  await secondStep(page).submit.click();
  await expect(page.getByRole("heading", { level: 1, name: "Devices" })).toBeVisible();
  await expect(other.getByRole("heading", { level: 1, name: "Account" })).toBeVisible();
});

test("second factor: without a pending sign-in the page leads to the login form, and signed in to the next page", async ({
  page,
  account,
  signIn,
}) => {
  await page.goto(`/second-factor?next=${encodeURIComponent(NEXT)}`);
  await expect(page).toHaveURL(`/login?next=${encodeURIComponent(NEXT)}`);
  await signIn(page.context(), account);
  await page.goto(`/second-factor?next=${encodeURIComponent(NEXT)}`);
  await expect(page).toHaveURL(NEXT);
});

test("second factor: works by keyboard alone, without accessibility violations, and fits 320 pixels", async ({
  page,
  account,
  totp,
}) => {
  const { app } = await totp(account);
  await passFirstStep(page, account);
  const step = secondStep(page);
  await expectAccessible(page, "second step");
  await page.setViewportSize({ width: 320, height: 640 });
  expect(await page.evaluate(() => document.documentElement.scrollWidth)).toBeLessThanOrEqual(320);
  await page.keyboard.type(app.wrongCode());
  await page.keyboard.press("Enter");
  await expect(step.code).toHaveAttribute("aria-invalid", "true");
  await expectAccessible(page, "second step, wrong code");
  await page.keyboard.press("Tab");
  await page.keyboard.press("Tab");
  await expect(step.useRecoveryCode).toBeFocused();
  await page.keyboard.press("Enter");
  await expect(step.recoveryCode).toBeFocused();
  await page.keyboard.press("Tab");
  await page.keyboard.press("Tab");
  await page.keyboard.press("Enter");
  await expect(step.code).toBeFocused();
  await page.keyboard.type(await app.code());
  await page.keyboard.press("Enter");
  await expect(page.getByRole("heading", { level: 1, name: "Devices" })).toBeVisible();
});

test("second factor: the security page renews the codes, replaces the app and removes it, without accessibility violations", async ({
  page,
  context,
  account,
  totp,
  baseURL,
}) => {
  const enrolled = await totp(account);
  await signInWithCode(new Calls(context.request, baseURL!), account, enrolled);
  await page.goto("/dashboard/security");
  await expect(page.getByText("10 of 10 codes are left.", { exact: false })).toBeVisible();
  await expectAccessible(page, "security, with an app");

  await page.getByRole("button", { name: "Make new recovery codes" }).click();
  await page.getByRole("button", { name: "Make new codes" }).click();
  const codes = await shownCodes(page);
  expect(codes.filter((code) => enrolled.recoveryCodes.includes(code))).toEqual([]);
  await expectAccessible(page, "security, new codes");
  await page.setViewportSize({ width: 320, height: 640 });
  expect(await page.evaluate(() => document.documentElement.scrollWidth)).toBeLessThanOrEqual(320);
  await page.setViewportSize({ width: 1280, height: 800 });
  await page.getByRole("button", { name: "I have saved them" }).click();
  await expect(page.getByText("You have new recovery codes.", { exact: false })).toBeVisible();

  await page.getByRole("button", { name: "Replace" }).click();
  await expect(page.getByText("Your previous app works until you have done this.")).toBeVisible();
  await expectAccessible(page, "security, set-up");
  const replacement = new AuthenticatorApp((await page.getByRole("main").getByRole("code").textContent())!);
  await page.getByLabel("Code from your authenticator app").fill(await replacement.code());
  await page.getByRole("button", { name: "Turn on" }).click();
  await expect(page.getByText("The authenticator app is on.", { exact: false })).toBeVisible();

  await page.getByRole("button", { name: "Remove authenticator app" }).click();
  await page.getByRole("alertdialog").getByRole("button", { name: "Remove" }).click();
  await expect(page.getByText("The authenticator app is removed.")).toBeVisible();
  await expect(page.getByText("Your password alone opens this account.")).toBeVisible();
});
