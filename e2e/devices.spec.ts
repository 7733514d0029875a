import { expect, test } from "@/e2e/kit";
import { copyCookies, sessionCookies } from "@/e2e/kit/cookies";

const FIREFOX = { userAgent: "Mozilla/5.0 (Windows NT 10.0; Win64; x64; rv:140.0) Gecko/20100101 Firefox/140.0" };
const IPHONE = {
  userAgent:
    "Mozilla/5.0 (iPhone; CPU iPhone OS 18_5 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.5 Mobile/15E148 Safari/604.1",
};

test("devices: another browser appears in the list and loses access at once when it is signed out there", async ({
  signedInPage: page,
  account,
  signIn,
  openBrowser,
}) => {
  const elsewhere = await openBrowser(FIREFOX);
  const itsCalls = await signIn(elsewhere, account);
  const itsPage = await elsewhere.newPage();
  await itsPage.goto("/dashboard/account");
  await expect(itsPage.getByRole("heading", { level: 1, name: "Account" })).toBeVisible();

  await page.goto("/dashboard/sessions");
  const devices = page.getByRole("list", { name: "Signed-in devices" }).getByRole("listitem");
  await expect(devices).toHaveCount(2);
  await expect(devices.filter({ hasText: "This device" })).toContainText("Chrome on");
  await expect(devices.filter({ hasText: "Firefox on Windows" })).toContainText("127.0.0.1");

  await page.getByRole("button", { name: "Sign out Firefox on Windows" }).click();
  await page.getByRole("alertdialog").getByRole("button", { name: "Sign out device" }).click();
  await expect(page.getByRole("status")).toContainText("Firefox on Windows is signed out.");
  await expect(devices).toHaveCount(1);

  const refused = await itsCalls.query("users.me");
  expect([refused.status, refused.error?.reason]).toEqual([401, "SESSION_ENDED"]);
  await itsPage.getByRole("navigation", { name: "Main" }).getByRole("link", { name: "Overview" }).click();
  await expect(itsPage.getByRole("heading", { name: "Sign in" })).toBeVisible();
  expect(await sessionCookies(elsewhere)).toEqual({ access: null, refresh: null });
});

test("devices: closing the confirmation dialog with Escape changes nothing", async ({
  signedInPage: page,
  account,
  signIn,
  openBrowser,
}) => {
  await signIn(await openBrowser(FIREFOX), account);
  await page.goto("/dashboard/sessions");
  const opener = page.getByRole("button", { name: "Sign out Firefox on Windows" });
  await opener.click();
  await expect(page.getByRole("alertdialog")).toBeVisible();
  await page.keyboard.press("Escape");
  await expect(page.getByRole("alertdialog")).toBeHidden();
  await expect(opener).toBeFocused();
  await page.reload();
  await expect(opener).toBeVisible();
});

test("devices: signing out all others keeps this session", async ({
  signedInPage: page,
  account,
  signIn,
  openBrowser,
}) => {
  const others = [await signIn(await openBrowser(FIREFOX), account), await signIn(await openBrowser(IPHONE), account)];
  await page.goto("/dashboard/sessions");
  await page.getByRole("button", { name: "Sign out all others" }).click();
  await page.getByRole("alertdialog").getByRole("button", { name: "Sign out all others" }).click();
  await expect(page.getByRole("status")).toContainText("All other devices are signed out.");
  await expect(page.getByText("Only this device is signed in.", { exact: false })).toBeVisible();

  for (const other of others) expect((await other.query("auth.session")).status).toBe(401);
  await page.reload();
  await expect(page.getByRole("heading", { level: 1, name: "Devices" })).toBeVisible();
});

test("devices: a list that cannot be loaded shows an error, and its retry button loads it", async ({
  signedInPage: page,
  network,
}) => {
  await page.goto("/dashboard/account");
  await expect(page.getByText("Member since")).toBeVisible();
  const lost = network.dropResponses(/^\/api\/trpc\/sessions\.list/);
  await page.getByRole("navigation", { name: "Main" }).getByRole("link", { name: "Devices" }).click();
  await expect(page.getByText("Your devices could not be loaded.", { exact: false })).toBeVisible();
  lost.stop();
  await page.getByRole("button", { name: "Try again" }).click();
  await expect(page.getByRole("listitem").filter({ hasText: "This device" })).toBeVisible();
});

test("devices: a copied access token is rejected in another kind of browser", async ({
  signedInPage: page,
  context,
  openBrowser,
  newCalls,
}) => {
  const thief = await openBrowser(FIREFOX);
  await copyCookies(context, thief);
  const { access } = await sessionCookies(context);
  const calls = await newCalls(FIREFOX);
  const refused = await calls.query("auth.session", undefined, { cookie: `__acc=${access?.value}` });
  expect([refused.status, refused.error?.reason]).toEqual([401, "SIGNED_OUT"]);
  await page.goto("/dashboard");
  await expect(page.getByRole("heading", { level: 1 })).toContainText("Hello");
});
