import type { Browser, Page } from "@playwright/test";
import { expect, testOnDedicatedServer as test } from "./kit";
import { issuedRefreshTokens, sessionCookies, waitForAccessExpiry } from "./kit/cookies";
import { loginNavigations } from "./kit/http-exchange";
import { SHORT_LIFETIMES } from "./kit/dedicated-server";

const { ACCESS_TOKEN_SECONDS, REFRESH_GRACE_SECONDS } = SHORT_LIFETIMES;
const SUSPENDED_MS = (Number(ACCESS_TOKEN_SECONDS) + Number(REFRESH_GRACE_SECONDS) + 1) * 1000;

const title =
  "a laptop that is suspended for longer than the access token's lifetime, with a call in flight, resumes signed in";
test(title, { tag: "@slow" }, async ({ signedInPage: page, context, browser, openTab, network }) => {
  await page.goto("/dashboard/sessions");
  const tabs = [page, await openTab("/dashboard/sessions"), await openTab("/dashboard"), await openTab("/dashboard")];
  const asking = await openTab("/dashboard/account");
  tabs.push(asking);
  const held = network.holdResponse(/^\/api\/trpc\/sessions\.list/);
  await asking.getByRole("navigation", { name: "Main" }).getByRole("link", { name: "Devices" }).click();
  await held.answered;
  for (const tab of tabs) await countTicks(tab);

  // Suspend: no page runs, and the connections close.
  const wake = await suspendRenderers(browser!);
  const { length: asked } = network.exchanges;
  const before = await sessionCookies(context);
  try {
    network.disconnect();
    const until = Date.now() + SUSPENDED_MS;
    await expect.poll(() => Date.now() > until, { timeout: SUSPENDED_MS + 5_000 }).toBe(true);
    await waitForAccessExpiry(context);
  } finally {
    held.release();
    network.reconnect();
    wake();
  }
  for (const tab of tabs) expect(await readTicks(tab), "it was suspended").toBeLessThan(SUSPENDED_MS / 100 / 2);

  for (const tab of [page, tabs[1]!, asking]) {
    await expect(tab.getByText("This device", { exact: true })).toBeVisible();
  }
  const lists = () => network.exchanges.slice(asked).filter(({ path }) => path.includes("sessions.list"));
  await expect.poll(() => lists().filter(({ status }) => status === 200).length).toBeGreaterThanOrEqual(3);
  const renewed = (await sessionCookies(context)).refresh?.value;
  expect(renewed).not.toBe(before.refresh?.value);
  expect(issuedRefreshTokens(network.exchanges.slice(asked)), "one rotation").toEqual(new Set([renewed]));

  await Promise.all(tabs.map((tab) => tab.reload()));
  for (const tab of tabs) await expect(tab.getByRole("button", { name: "Sign out" }).first()).toBeVisible();
  expect(loginNavigations(network.exchanges)).toEqual([]);
});

/** Stops every renderer process. Returns a function that resumes them. */
async function suspendRenderers(browser: Browser): Promise<() => void> {
  const session = await browser.newBrowserCDPSession();
  const { processInfo } = await session.send("SystemInfo.getProcessInfo");
  const renderers = processInfo.filter(({ type }) => type === "renderer").map(({ id }) => id);
  for (const pid of renderers) process.kill(pid, "SIGSTOP");
  return () => renderers.forEach((pid) => process.kill(pid, "SIGCONT"));
}

/** Counts ten times a second while the page runs. */
async function countTicks(page: Page): Promise<void> {
  await page.evaluate(() => {
    const counting = window as typeof window & { ticks: number };
    counting.ticks = 0;
    setInterval(() => (counting.ticks += 1), 100);
  });
}

function readTicks(page: Page): Promise<number> {
  return page.evaluate(() => (window as typeof window & { ticks: number }).ticks);
}
