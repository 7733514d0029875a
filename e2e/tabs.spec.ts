import { expect, test } from "@/e2e/kit";
import { expireAccessToken, sessionCookies } from "@/e2e/kit/cookies";
import { documentLoads } from "./kit/http-exchange";
import { loginForm } from "@/e2e/kit/forms";

const WITHIN_A_SECOND = { timeout: 1_000 };

test("tabs: signing out in one tab signs out all others within a second", async ({ signedInPage: page, openTab }) => {
  await page.goto("/dashboard");
  const others = [await openTab("/dashboard/sessions"), await openTab("/dashboard/account")];
  await page.getByRole("banner").getByRole("button", { name: "Sign out" }).click();
  await expect(page.getByRole("heading", { name: "Sign in" })).toBeVisible();
  for (const other of others)
    await expect(other.getByRole("heading", { name: "Sign in" })).toBeVisible(WITHIN_A_SECOND);
});

test("tabs: signing in in one tab moves the login page of another tab to its destination", async ({
  page,
  openTab,
  account,
}) => {
  await page.goto("/login?next=/dashboard/account");
  const other = await openTab("/login");
  const form = loginForm(other);
  await form.fill(account);
  await form.submit.click();
  await expect(other).toHaveURL(/\/dashboard$/);
  await expect(page.getByRole("heading", { level: 1, name: "Account" })).toBeVisible(WITHIN_A_SECOND);
});

test("tabs: signing in and signing out load one page each", async ({ page, account, network }) => {
  await page.goto("/login");
  const form = loginForm(page);
  await form.fill(account);
  await form.submit.click();
  await expect(page.getByText("Only this device")).toBeVisible();
  await page.getByRole("button", { name: "Sign out" }).click();
  await expect(page.getByRole("heading", { name: "Sign in" })).toBeVisible();
  expect(documentLoads(network.exchanges)).toEqual(["/login 200", "/dashboard 200", "/login 200"]);
});

test("tabs: after another user signs in in one tab, the other tab shows that user", async ({
  signedInPage: page,
  openTab,
  newAccount,
}) => {
  await page.goto("/dashboard");
  const other = await openTab("/dashboard");
  const bea = await newAccount({ fullName: "Bea Bastion" });
  await other.getByRole("button", { name: "Sign out" }).click();
  const form = loginForm(other);
  await form.fill(bea);
  await form.submit.click();
  await expect(other.getByRole("heading", { level: 1 })).toHaveText("Hello, Bea Bastion");
  await expect(page.getByRole("heading", { level: 1 })).toHaveText("Hello, Bea Bastion", WITHIN_A_SECOND);
});

test("tabs: a response that arrives after signing out cannot sign the browser in again", async ({
  signedInPage: page,
  context,
  network,
}) => {
  await page.goto("/dashboard");
  await expect(page.getByText("Only this device")).toBeVisible();
  await expireAccessToken(context);
  const slow = await context.newPage();
  const held = network.holdResponse("/dashboard/account");
  const loading = slow.goto("/dashboard/account");
  const { setCookies } = await held.answered;
  expect(setCookies.join(), "the late response contains a valid access token").toMatch(/__acc=ey/);

  await page.getByRole("button", { name: "Sign out" }).click();
  await expect(page.getByRole("heading", { name: "Sign in" })).toBeVisible();
  held.release();
  await loading.catch(() => {});

  await expect(slow.getByRole("heading", { name: "Sign in" })).toBeVisible();
  await page.goto("/dashboard");
  await expect(page.getByRole("heading", { name: "Sign in" })).toBeVisible();
  expect(await sessionCookies(context)).toEqual({ access: null, refresh: null });
});

test("tabs: signing out does not wait for a slow call, and the late response changes nothing", async ({
  signedInPage: page,
  context,
  network,
}) => {
  await page.goto("/dashboard/account");
  const held = network.holdResponse(/^\/api\/trpc\/sessions\.list/);
  await page.getByRole("navigation", { name: "Main" }).getByRole("link", { name: "Devices" }).click();
  await held.answered;
  await page.getByRole("banner").getByRole("button", { name: "Sign out" }).click();
  await expect(page.getByRole("heading", { name: "Sign in" })).toBeVisible();
  held.release();
  expect(await sessionCookies(context)).toEqual({ access: null, refresh: null });
});

test("tabs: signing out reaches another tab that waits for a slow call, and the late response changes nothing", async ({
  signedInPage: page,
  context,
  openTab,
  network,
}) => {
  await page.goto("/dashboard/account");
  const other = await openTab("/dashboard/account");
  const held = network.holdResponse(/^\/api\/trpc\/sessions\.list/);
  await other.getByRole("navigation", { name: "Main" }).getByRole("link", { name: "Devices" }).click();
  await held.answered;
  await page.getByRole("banner").getByRole("button", { name: "Sign out" }).click();
  await expect(page.getByRole("heading", { name: "Sign in" })).toBeVisible();
  await expect(other.getByRole("heading", { name: "Sign in" })).toBeVisible(WITHIN_A_SECOND);
  held.release();
  await page.reload();
  for (const tab of [page, other]) await expect(tab.getByRole("heading", { name: "Sign in" })).toBeVisible();
  expect(await sessionCookies(context)).toEqual({ access: null, refresh: null });
});

test("tabs: a sign-out that does not reach the server shows an error, and the session continues", async ({
  signedInPage: page,
  context,
  network,
}) => {
  await page.goto("/dashboard");
  await expect(page.getByText("Only this device")).toBeVisible();
  network.disconnect();
  await page.getByRole("button", { name: "Sign out" }).click();
  await expect(page.getByText("You are still signed in.")).toBeVisible();
  network.reconnect();
  expect((await sessionCookies(context)).refresh).not.toBeNull();
  await page.getByRole("button", { name: "Sign out" }).click();
  await expect(page.getByRole("heading", { name: "Sign in" })).toBeVisible();
});
