import type { Page } from "@playwright/test";
import { expect, testOnOwnServer as test } from "@/e2e/kit";
import { copyCookies, expireAccessToken, sessionCookies, untilAccessExpires } from "@/e2e/kit/cookies";
import { LIVES_OF_SECONDS } from "@/e2e/kit/own-server";
import { waysToLogin, type Exchange } from "@/e2e/kit/exchange";

const FIREFOX = { userAgent: "Mozilla/5.0 (Windows NT 10.0; Win64; x64; rv:140.0) Gecko/20100101 Firefox/140.0" };
const GRACE_MS = Number(LIVES_OF_SECONDS.REFRESH_GRACE_SECONDS) * 1000;

test("a page and forty prefetches at the moment of expiry make one rotation, and all are answered", async ({
  signedInPage: page,
  context,
  openTab,
  wire,
}) => {
  await page.goto("/dashboard");
  await untilAccessExpires(context);
  const seen = wire.exchanges.length;
  const [statuses] = await Promise.all([
    page.evaluate(() => {
      const prefetch = (_: unknown, index: number) =>
        fetch(`/dashboard/${index % 2 ? "account" : "sessions"}?n=${index}`, {
          headers: { rsc: "1", "next-router-prefetch": "1" },
        });
      return Promise.all(Array.from({ length: 40 }, prefetch)).then((answers) => answers.map(({ status }) => status));
    }),
    openTab("/dashboard/account"),
  ]);
  expect(new Set(statuses)).toEqual(new Set([200]));
  expect(newRefreshTokens(wire.exchanges.slice(seen)).size).toBe(1);

  await untilAccessExpires(context);
  await page.reload();
  await expect(page.getByRole("heading", { level: 1 })).toContainText("Hello");
  expect(waysToLogin(wire.exchanges)).toEqual([]);
});

test("three tabs that wake up together are all signed in, with one rotation", async ({
  signedInPage: page,
  context,
  openTab,
  wire,
}) => {
  await page.goto("/dashboard");
  const tabs = [page, await openTab("/dashboard/sessions"), await openTab("/dashboard/account")];
  await untilAccessExpires(context);
  const seen = wire.exchanges.length;
  await Promise.all(tabs.map((tab) => tab.reload()));
  for (const tab of tabs) await expect(tab.getByRole("button", { name: "Sign out" }).first()).toBeVisible();
  expect(newRefreshTokens(wire.exchanges.slice(seen)).size).toBe(1);
  expect(waysToLogin(wire.exchanges)).toEqual([]);
});

for (const late of [false, true]) {
  test(`a lost reply costs nobody the session ${late ? "long after it was lost" : "a moment later"}`, async ({
    signedInPage: page,
    context,
    server,
    wire,
  }) => {
    await page.goto("/dashboard");
    await untilAccessExpires(context);
    const old = await sessionCookies(context);
    const lost = wire.loseReplies("/dashboard/account");
    const closed = await context.newPage();
    void closed.goto("/dashboard/account").catch(() => {});
    expect([...newRefreshTokens([await lost.first])], "the server has rotated").toHaveLength(1);
    expect((await sessionCookies(context)).refresh?.value, "the browser has not heard of it").toBe(old.refresh?.value);
    await closed.close();
    if (late) await untilPassed(GRACE_MS + 1_000);
    lost.end();

    await page.goto("/dashboard/account");
    await expect(page.getByRole("heading", { level: 1, name: "Account" })).toBeVisible();
    const renewed = await sessionCookies(context);
    expect(renewed.refresh?.value).not.toBe(old.refresh?.value);
    expect(server.app.output().includes("session-recovered")).toBe(late);

    // Fresh, if this is the live token; the end of the session, if it is not.
    await expireAccessToken(context);
    await page.reload();
    await expect(page.getByRole("heading", { level: 1, name: "Account" })).toBeVisible();
    expect(waysToLogin(wire.exchanges)).toEqual([]);

    await page.goto("/dashboard/sessions");
    await expect(page.getByText("This device", { exact: true })).toBeVisible();
    const note = page.getByText("Came back with an older key");
    await expect(note, "only what came late is worth a note").toHaveCount(late ? 1 : 0);
    if (!late) return;
    await page.getByRole("button", { name: /^This wasn’t me/ }).click();
    await page.getByRole("alertdialog").getByRole("button", { name: "Sign out and change password" }).click();
    await expect(page).toHaveURL(/\/dashboard\/account#password$/);
    await expect(page.getByLabel("Current password")).toBeInViewport();
  });
}

test("a slow reply that arrives after newer cookies signs nobody out", async ({
  signedInPage: page,
  context,
  wire,
}) => {
  await page.goto("/dashboard");
  await untilAccessExpires(context);
  const slow = await context.newPage();
  const held = wire.holdReply("/dashboard/account");
  const loading = slow.goto("/dashboard/account");
  await held.answered;
  await page.reload();
  await expect(page.getByRole("heading", { level: 1 })).toContainText("Hello");
  held.release();
  await loading;

  await expireAccessToken(context);
  await page.reload();
  await expect(page.getByRole("heading", { level: 1 })).toContainText("Hello");
  expect(waysToLogin(wire.exchanges)).toEqual([]);
});

test("who is not remembered keeps an expired cookie, and is not interrupted either", async ({
  page,
  context,
  account,
  signIn,
  wire,
}) => {
  const calls = await signIn(context, account, { remember: false });
  const { expiresAt } = (await calls.query("auth.session")).data.session;
  await page.goto("/dashboard");
  await untilPassed(Date.parse(expiresAt) - Date.now());
  expect((await sessionCookies(context)).access).not.toBeNull();

  await page.getByRole("navigation", { name: "Main" }).getByRole("link", { name: "Account" }).click();
  await expect(page.getByRole("heading", { level: 1, name: "Account" })).toBeVisible();
  await page.reload();
  await expect(page.getByRole("heading", { level: 1, name: "Account" })).toBeVisible();
  const { access, refresh } = await sessionCookies(context);
  expect([access?.expires, refresh?.expires]).toEqual([-1, -1]);
  expect(waysToLogin(wire.exchanges)).toEqual([]);
});

test("a copied cookie jar is noticed when the second holder refreshes, and the session ends for both", async ({
  signedInPage: page,
  context,
  openBrowser,
  server,
}) => {
  await page.goto("/dashboard");
  const thief = await openBrowser({ ...FIREFOX, baseURL: server.url });
  await copyCookies(context, thief);
  await untilAccessExpires(context);

  const stolen = await thief.newPage();
  await stolen.goto("/dashboard");
  await expect(stolen.getByRole("heading", { level: 1 })).toContainText("Hello");

  await page.reload();
  await expectLoginPage(page);
  expect(await sessionCookies(context)).toEqual({ access: null, refresh: null });
  await stolen.reload();
  await expectLoginPage(stolen);
  expect(server.app.output()).toContain("session-replayed");
});

/** For what shows nowhere but on the clock. */
async function untilPassed(milliseconds: number): Promise<void> {
  const until = Date.now() + milliseconds;
  await expect.poll(() => Date.now() > until, { timeout: milliseconds + 5_000 }).toBe(true);
}

function newRefreshTokens(exchanges: Exchange[]): Set<string> {
  const tokens = exchanges.flatMap(({ setCookies }) => setCookies.map((cookie) => /^__ref=([^;]+)/.exec(cookie)?.[1]));
  return new Set(tokens.filter((token) => token !== undefined));
}

async function expectLoginPage(page: Page): Promise<void> {
  await expect(page.getByRole("heading", { level: 1, name: "Sign in" })).toBeVisible();
}
