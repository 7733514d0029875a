import { expect, test } from "@/e2e/kit";
import { generateAccount } from "@/e2e/kit/accounts";
import { registerForm } from "@/e2e/kit/forms";
import { waitForMail } from "@/e2e/kit/mailbox";

const CONFIRM_ADDRESS = /^Confirm your email address$/;
const BANNER = { name: "Confirmation pending" };

test("verification: in the browser that registered, the link needs one press, and the banner goes", async ({
  page,
}) => {
  const details = generateAccount();
  await page.goto("/register");
  const form = registerForm(page);
  await form.fill(details);
  await form.submit.click();
  await expect(page.getByRole("region", BANNER)).toContainText("We sent you a mail");

  const { link } = await waitForMail(details.email, CONFIRM_ADDRESS);
  await page.goto(link!);
  await expect(page.getByRole("heading", { level: 1, name: "Confirm your email address" })).toBeVisible();
  await page.getByRole("button", { name: "Confirm this address" }).click();
  await expect(page.getByRole("heading", { level: 1, name: "Your email is confirmed" })).toBeFocused();
  await page.getByRole("link", { name: "Continue" }).click();
  await expect(page).toHaveURL(/\/dashboard$/);
  await expect(page.getByRole("heading", { level: 1 })).toBeVisible();
  await expect(page.getByRole("region", BANNER)).toHaveCount(0);
});

test("verification: on another device, the link needs the code, and opens no session there", async ({
  page,
  account,
  newCalls,
}) => {
  const { link, code } = await waitForMail(account.email, CONFIRM_ADDRESS);
  await page.goto(link!);
  await page.getByLabel("Code from the mail").fill("WRNG-C0DE");
  await page.getByRole("button", { name: "Confirm this address" }).click();
  await expect(page.getByLabel("Code from the mail")).toHaveAccessibleDescription(
    /That is not the code in this mail\./,
  );
  await page.getByLabel("Code from the mail").fill(code!);
  await page.getByRole("button", { name: "Confirm this address" }).click();
  await expect(page.getByRole("heading", { level: 1, name: "Your email is confirmed" })).toBeVisible();
  await page.goto("/dashboard");
  await expect(page.getByRole("heading", { name: "Sign in" })).toBeVisible();

  const calls = await newCalls();
  await calls.signIn(account);
  expect((await calls.query("users.me")).data.emailVerified).toBe(true);
});

test("verification: a link for another account says so", async ({ signedInPage: page, account, newAccount }) => {
  const other = await newAccount({ email: `zoe.${Date.now()}@example.test` });
  const { link } = await waitForMail(other.email, CONFIRM_ADDRESS);
  await page.goto(link!);
  await expect(
    page.getByText(`You are signed in as ${account.email}, and this link is for another account.`),
  ).toBeVisible();
});

test("verification: the mail can be sent again from the banner", async ({ signedInPage: page, account }) => {
  await waitForMail(account.email, CONFIRM_ADDRESS);
  await page.goto("/dashboard");
  await page.getByRole("button", { name: "Send the mail again" }).click();
  await expect(page.getByText("The mail is on its way.")).toBeVisible();
});
