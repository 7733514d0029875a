import { devices, type Page } from "@playwright/test";
import { expect, testOnDedicatedServer as test } from "@/e2e/kit";
import { expireAccessToken, issuedRefreshTokens, sessionCookies, waitForAccessExpiry } from "@/e2e/kit/cookies";
import { SHORT_LIFETIMES } from "./kit/dedicated-server";
import { loginNavigations } from "./kit/http-exchange";

const PHONE = devices["iPhone 15"].userAgent;
const GRACE_MS = Number(SHORT_LIFETIMES.REFRESH_GRACE_SECONDS) * 1000;

test("expiry: a page load and forty prefetches after expiry cause one rotation, and all succeed", async ({
  signedInPage: page,
  context,
  openTab,
  network,
}) => {
  await page.goto("/dashboard");
  await waitForAccessExpiry(context);
  const seen = network.exchanges.length;
  const [statuses] = await Promise.all([
    page.evaluate(() => {
      const prefetch = (_: unknown, index: number) =>
        fetch(`/dashboard/${index % 2 ? "account" : "sessions"}?n=${index}`, {
          headers: { rsc: "1", "next-router-prefetch": "1" },
        });
      return Promise.all(Array.from({ length: 40 }, prefetch)).then((responses) =>
        responses.map(({ status }) => status),
      );
    }),
    openTab("/dashboard/account"),
  ]);
  expect(new Set(statuses)).toEqual(new Set([200]));
  expect(issuedRefreshTokens(network.exchanges.slice(seen)).size).toBe(1);

  await waitForAccessExpiry(context);
  await page.reload();
  await expect(page.getByRole("heading", { level: 1 })).toContainText("Hello");
  expect(loginNavigations(network.exchanges)).toEqual([]);
});

test("expiry: two tabs of one browser with different user agents that refresh when a rotation is due both stay signed in", async ({
  signedInPage: page,
  context,
  network,
}) => {
  const expectSignedIn = (tab: Page) => expect(tab.getByRole("button", { name: "Sign out" }).first()).toBeVisible();
  // Different pages: Chromium serializes requests of two tabs for the same URL.
  await page.goto("/dashboard");
  const phone = await context.newPage();
  const devTools = await context.newCDPSession(phone);
  await devTools.send("Emulation.setUserAgentOverride", { userAgent: PHONE });
  await phone.goto("/dashboard/account");
  for (const [first, second] of [
    [page, phone],
    [phone, page],
  ] as const) {
    await waitForAccessExpiry(context);
    const seen = network.exchanges.length;
    const held = network.holdResponse(({ requestHeaders }) => requestHeaders["sec-fetch-dest"] === "document");
    const waking = first.reload();
    await held.answered;
    // The server has rotated, but the browser has no response yet: this tab presents the previous token.
    await second.reload();
    await expectSignedIn(second);
    held.release();
    await waking;
    await expectSignedIn(first);
    const { refresh } = await sessionCookies(context);
    expect(issuedRefreshTokens(network.exchanges.slice(seen)), "one rotation").toEqual(new Set([refresh!.value]));
  }

  // Each tab presents the access cookie of the other user agent, and gets a new one.
  for (const path of ["/dashboard/account", "/dashboard/sessions", "/dashboard"]) {
    for (const tab of [page, phone]) {
      await tab.goto(path);
      await expectSignedIn(tab);
    }
  }
  expect(loginNavigations(network.exchanges)).toEqual([]);
  expect(network.exchanges.filter(({ status }) => status === 429)).toEqual([]);
});

test("expiry: five tabs that reload at the same time stay signed in with one rotation", async ({
  signedInPage: page,
  context,
  openTab,
  network,
}) => {
  await page.goto("/dashboard");
  const paths = ["/dashboard/sessions", "/dashboard/account", "/dashboard", "/dashboard/sessions"];
  const tabs = [page];
  for (const path of paths) tabs.push(await openTab(path));
  await waitForAccessExpiry(context);
  const seen = network.exchanges.length;
  await Promise.all(tabs.map((tab) => tab.reload()));
  for (const tab of tabs) await expect(tab.getByRole("button", { name: "Sign out" }).first()).toBeVisible();
  expect(issuedRefreshTokens(network.exchanges.slice(seen)).size).toBe(1);
  expect(loginNavigations(network.exchanges)).toEqual([]);
});

for (const late of [false, true]) {
  test(`expiry: a session survives a lost response when the browser returns ${late ? "after the grace period" : "within the grace period"}`, async ({
    signedInPage: page,
    context,
    server,
    network,
  }) => {
    // Long enough for a busy machine to return within it.
    const graceMs = late ? GRACE_MS : 3 * GRACE_MS;
    if (!late) {
      await server.stopApp();
      await server.startApp({ REFRESH_GRACE_SECONDS: String(graceMs / 1000), ACCESS_TOKEN_SECONDS: "60" });
    }
    await page.goto("/dashboard");
    // The current token is exchanged only after its window.
    if (late) await waitForAccessExpiry(context);
    else await waitFor(graceMs + 1_000).then(() => expireAccessToken(context));
    const old = await sessionCookies(context);
    const lost = network.dropResponses("/dashboard/account");
    const closed = await context.newPage();
    void closed.goto("/dashboard/account").catch(() => {});
    expect([...issuedRefreshTokens([await lost.first])], "the server has rotated").toHaveLength(1);
    expect((await sessionCookies(context)).refresh?.value, "the browser has not received it").toBe(old.refresh?.value);
    await closed.close();
    if (late) await waitFor(graceMs + 1_000);
    lost.stop();

    await page.goto("/dashboard/account");
    await expect(page.getByRole("heading", { level: 1, name: "Account" })).toBeVisible();
    const renewed = await sessionCookies(context);
    expect(renewed.refresh?.value).not.toBe(old.refresh?.value);
    await expect.poll(() => server.app.output().includes("session-recovered")).toBe(late);

    // The refresh succeeds only if this is the current token.
    await expireAccessToken(context);
    await page.reload();
    await expect(page.getByRole("heading", { level: 1, name: "Account" })).toBeVisible();
    expect(loginNavigations(network.exchanges)).toEqual([]);

    await page.goto("/dashboard/sessions");
    await expect(page.getByText("This device", { exact: true })).toBeVisible();
    const note = page.getByText("An outdated key of this session was used");
    await expect(note, "only a late return is reported").toHaveCount(late ? 1 : 0);
    if (!late) return;
    await page.getByRole("button", { name: /^This wasn’t me/ }).click();
    await page.getByRole("alertdialog").getByRole("button", { name: "Sign out and change password" }).click();
    await expect(page).toHaveURL(/\/dashboard\/security#password$/);
    await expect(page.getByLabel("Current password")).toBeInViewport();
  });
}

test("expiry: a slow response that arrives after newer cookies does not end the session", async ({
  signedInPage: page,
  context,
  network,
}) => {
  await page.goto("/dashboard");
  await waitForAccessExpiry(context);
  const slow = await context.newPage();
  const held = network.holdResponse("/dashboard/account");
  const loading = slow.goto("/dashboard/account");
  await held.answered;
  await page.reload();
  await expect(page.getByRole("heading", { level: 1 })).toContainText("Hello");
  held.release();
  await loading;

  await expireAccessToken(context);
  await page.reload();
  await expect(page.getByRole("heading", { level: 1 })).toContainText("Hello");
  expect(loginNavigations(network.exchanges)).toEqual([]);
});

test('expiry: a session without "keep me signed in" is refreshed although its expired access cookie is still sent', async ({
  page,
  context,
  account,
  signIn,
  network,
}) => {
  const calls = await signIn(context, account, { remember: false });
  const { expiresAt } = (await calls.query("auth.session")).data.session;
  await page.goto("/dashboard");
  await waitFor(Date.parse(expiresAt) - Date.now());
  expect((await sessionCookies(context)).access).not.toBeNull();

  await page.getByRole("navigation", { name: "Main" }).getByRole("link", { name: "Account" }).click();
  await expect(page.getByRole("heading", { level: 1, name: "Account" })).toBeVisible();
  await page.reload();
  await expect(page.getByRole("heading", { level: 1, name: "Account" })).toBeVisible();
  const { access, refresh } = await sessionCookies(context);
  expect([access?.expires, refresh?.expires]).toEqual([-1, -1]);
  expect(loginNavigations(network.exchanges)).toEqual([]);
});

/** For time that must pass without anything observable. */
async function waitFor(milliseconds: number): Promise<void> {
  const until = Date.now() + milliseconds;
  await expect.poll(() => Date.now() > until, { timeout: milliseconds + 5_000 }).toBe(true);
}
