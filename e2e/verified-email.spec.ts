import { createConnection } from "mysql2/promise";
import { parseDatabaseUrl } from "@/db/database-url.mjs";
import { expect, testOnDedicatedServer as test } from "@/e2e/kit";
import { generateAccount } from "@/e2e/kit/accounts";
import { registerForm } from "@/e2e/kit/forms";
import { waitForMail } from "@/e2e/kit/mailbox";
import { expireAccessToken } from "./kit/cookies";
import type { DedicatedServer } from "./kit/dedicated-server";
import { documentLoads } from "./kit/http-exchange";

test.use({ variables: { REQUIRE_VERIFIED_EMAIL: "true", RATE_LIMIT_FACTOR: "1000" } });

const CONFIRM_ADDRESS = /^Confirm your email address$/;

/** As the link in the mail does, in another browser. */
async function verifyEmail(server: DedicatedServer, email: string): Promise<void> {
  const connection = await createConnection(parseDatabaseUrl(server.database.url)[0]);
  await connection.execute("update users set email_verified_at = utc_timestamp(3) where email = ?", [email]);
  await connection.end();
}

test("a required verification: a user stays on its page until the email is verified, and then proceeds to the page that was asked for", async ({
  signedInPage: page,
  account,
  context,
  server,
  network,
}) => {
  const verification = `${server.url}/verify-email?next=%2Fdashboard%2Faccount`;
  for (const expire of [false, true]) {
    if (expire) await expireAccessToken(context);
    await page.goto("/dashboard/account");
    await expect(page).toHaveURL(verification);
    await expect(page.getByRole("heading", { level: 1 })).toBeVisible();
  }
  await verifyEmail(server, account.email);
  const seen = network.exchanges.length;
  await expireAccessToken(context);
  await page.reload();
  await expect(page).toHaveURL(`${server.url}/dashboard/account`);
  await expect(page.getByRole("heading", { level: 1, name: "Account" })).toBeVisible();
  const loads = documentLoads(network.exchanges.slice(seen));
  expect(loads).toEqual(["/verify-email?next=%2Fdashboard%2Faccount 307", "/dashboard/account 200"]);
});

test("a required verification: a page that was open before is led to the verification by its next navigation, and keeps its session", async ({
  page,
  context,
  account,
  signIn,
  server,
}) => {
  await server.stopApp();
  await server.startApp({ REQUIRE_VERIFIED_EMAIL: "false" });
  await signIn(context, account);
  await page.goto("/dashboard");
  await expect(page.getByRole("heading", { level: 1 })).toContainText("Hello");
  await server.stopApp();
  await server.startApp();
  await page.getByRole("navigation", { name: "Main" }).getByRole("link", { name: "Account" }).click();
  await expect(page).toHaveURL(`${server.url}/verify-email?next=%2Fdashboard%2Faccount`);
  await page.goto("/login");
  await expect(page).toHaveURL(`${server.url}/verify-email?next=%2Fdashboard`);
});

test("a required verification: a registration by passkey shows its recovery codes, and then leads to the verification", async ({
  page,
  authenticator,
  server,
}) => {
  await page.goto("/register?next=/dashboard/account");
  const { fullName, email } = generateAccount();
  await page.getByLabel("Full name").fill(fullName);
  await page.getByLabel("Email").fill(email);
  await page.getByRole("button", { name: "Create the account with a passkey" }).click();
  await expect(page.getByRole("list", { name: "Recovery codes" }).getByRole("listitem")).toHaveCount(10);
  await page.getByRole("button", { name: "I have saved them, continue" }).click();
  await expect(page).toHaveURL(`${server.url}/verify-email?next=%2Fdashboard%2Faccount`);
  expect(await authenticator.passkeys()).toHaveLength(1);
});

test("verification: a new user stays on its page until the code is typed, and then reaches the page that was asked for", async ({
  page,
}) => {
  const details = generateAccount();
  await page.goto("/register?next=/dashboard/sessions");
  const form = registerForm(page);
  await form.fill(details);
  await form.submit.click();
  await expect(page).toHaveURL(/\/verify-email\?next=/);
  await page.goto("/dashboard/account");
  await expect(page).toHaveURL(/\/verify-email\?next=%2Fdashboard%2Faccount$/);

  const { code } = await waitForMail(details.email, CONFIRM_ADDRESS);
  await page.getByLabel("Code from the mail").fill(code!);
  await page.getByRole("button", { name: "Confirm", exact: true }).click();
  await expect(page).toHaveURL(/\/dashboard\/account$/);
});

test("verification: the page continues by itself when the link was opened in another tab", async ({
  page,
  context,
}) => {
  const details = generateAccount();
  await page.goto("/register");
  const form = registerForm(page);
  await form.fill(details);
  await form.submit.click();
  await expect(page).toHaveURL(/\/verify-email/);

  const { link } = await waitForMail(details.email, CONFIRM_ADDRESS);
  const tab = await context.newPage();
  await tab.goto(link!);
  await tab.getByRole("button", { name: "Confirm this address" }).click();
  await expect(tab.getByRole("heading", { level: 1, name: "Your email is confirmed" })).toBeVisible();
  await page.evaluate(() => dispatchEvent(new Event("focus")));
  await expect(page).toHaveURL(/\/dashboard$/);
});
