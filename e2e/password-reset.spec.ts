import { expect, test } from "@/e2e/kit";
import { generateAccount } from "@/e2e/kit/accounts";
import { loginForm } from "@/e2e/kit/forms";
import { mailsTo, waitForMail } from "@/e2e/kit/mailbox";

const RESET = /^Reset your password$/;
const NEW_PASSWORD = "copper lanterns drift 9 nights";

test("password reset: a forgotten password is replaced by mail, and every device is signed out", async ({
  page,
  account,
  signIn,
  openBrowser,
}) => {
  const other = await openBrowser();
  await signIn(other, account);
  const otherPage = await other.newPage();
  await otherPage.goto("/dashboard");

  await page.goto("/login");
  await page.getByRole("link", { name: "Forgot your password?" }).click();
  await page.getByLabel("Email").fill(account.email.toUpperCase());
  await page.getByRole("button", { name: "Send the mail" }).click();
  await expect(page.getByRole("heading", { name: "Look into your mailbox" })).toBeFocused();

  const mail = await waitForMail(account.email, RESET);
  await page.goto(mail.link!);
  await expect(page.getByRole("heading", { level: 1, name: "Choose a new password" })).toBeFocused();
  await expect(page.getByText(/^a•••@example\.test$/)).toBeVisible();
  await page.getByLabel("New password", { exact: true }).fill("password123");
  await page.getByRole("button", { name: "Change password" }).click();
  await expect(page.getByLabel("New password", { exact: true })).toHaveAttribute("aria-invalid", "true");
  await page.getByLabel("New password", { exact: true }).fill(NEW_PASSWORD);
  await page.getByRole("button", { name: "Change password" }).click();
  await expect(page.getByRole("heading", { level: 1, name: "Your password is changed" })).toBeFocused();

  await otherPage.reload();
  await expect(otherPage.getByRole("heading", { name: "Sign in" })).toBeVisible();

  await page.getByRole("main").getByRole("link", { name: "Sign in" }).click();
  const form = loginForm(page);
  await form.fill(account);
  await form.submit.click();
  await expect(form.problem).toContainText("The email or password is incorrect.");
  await form.fill({ ...account, password: NEW_PASSWORD });
  await form.submit.click();
  await expect(page).toHaveURL(/\/dashboard$/);
  await waitForMail(account.email, /^Your password was changed$/);
});

test("password reset: a link that was used says so and changes nothing", async ({ page, account, calls }) => {
  await calls.mutate("password.requestReset", { email: account.email });
  const { link } = await waitForMail(account.email, RESET);
  const token = link!.split("#")[1];
  expect((await calls.mutate("confirm.perform", { token, newPassword: NEW_PASSWORD })).data.next).toBe("/login");

  await page.goto(link!);
  await expect(page.getByRole("heading", { level: 1, name: "This link was already used" })).toBeVisible();
  const again = await calls.mutate("confirm.perform", { token, newPassword: "velvet anchors hum 3 songs" });
  expect(again.error).toMatchObject({ httpStatus: 410, reason: "LINK_SPENT", spent: "used" });
  await calls.signIn({ email: account.email, password: NEW_PASSWORD });
});

test("password reset: an unknown address gets the same answer and no mail", async ({ page, calls, account }) => {
  const unknown = generateAccount().email;
  await page.goto("/forgot-password");
  await page.getByLabel("Email").fill(unknown);
  await page.getByRole("button", { name: "Send the mail" }).click();
  await expect(page.getByRole("heading", { name: "Look into your mailbox" })).toBeVisible();
  // A later request for a known address is delivered, so an earlier one would have been.
  await calls.mutate("password.requestReset", { email: account.email });
  await waitForMail(account.email, RESET);
  expect(await mailsTo(unknown)).toEqual([]);
});

test("password reset: without a fragment, the code from the mail chooses a new password", async ({
  page,
  account,
  calls,
}) => {
  await calls.mutate("password.requestReset", { email: account.email });
  const { link, code } = await waitForMail(account.email, RESET);
  await page.goto(link!.split("#")[0]!);
  await page.getByLabel("Email").fill(account.email);
  await page.getByLabel("Code from the mail").fill("0000-0000");
  await page.getByRole("button", { name: "Continue" }).click();
  await expect(page.getByRole("main").getByRole("alert")).toContainText("This code does not work with this email.");
  await page.getByLabel("Code from the mail").fill(code!.toLowerCase().replace("-", " "));
  await page.getByRole("button", { name: "Continue" }).click();
  await expect(page.getByRole("main").getByRole("alert")).toContainText("The code is right.");
  await page.getByLabel("New password", { exact: true }).fill(NEW_PASSWORD);
  await page.getByRole("button", { name: "Change password" }).click();
  await expect(page.getByRole("heading", { level: 1, name: "Your password is changed" })).toBeVisible();
  await calls.signIn({ email: account.email, password: NEW_PASSWORD });
});

for (const [what, hash] of [
  ["a token of the right form that never existed", `#${"A".repeat(64)}`],
  ["a truncated token", "#abc"],
] as const) {
  test(`confirm: ${what} is refused in plain words, with the code as a way on`, async ({ page }) => {
    await page.goto(`/confirm${hash}`);
    await expect(page.getByRole("heading", { level: 1, name: "This link does not work" })).toBeVisible();
    await expect(page.getByLabel("Code from the mail")).toBeVisible();
  });
}
