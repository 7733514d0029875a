import type { Browser, Page } from "@playwright/test";
import { expect, testOnOwnServer as test } from "./kit";
import { refreshTokensIn, sessionCookies, untilAccessExpires } from "./kit/cookies";
import { waysToLogin } from "./kit/http-exchange";
import { LIVES_OF_SECONDS } from "./kit/own-server";

const { ACCESS_TOKEN_SECONDS, REFRESH_GRACE_SECONDS } = LIVES_OF_SECONDS;
const NIGHT_MS = (Number(ACCESS_TOKEN_SECONDS) + Number(REFRESH_GRACE_SECONDS) + 1) * 1000;

const title = "a laptop that sleeps over the life of its access token, a call under way, wakes up signed in";
test(title, { tag: "@slow" }, async ({ signedInPage: page, context, browser, openTab, wire }) => {
  await page.goto("/dashboard/sessions");
  const tabs = [page, await openTab("/dashboard/sessions"), await openTab("/dashboard"), await openTab("/dashboard")];
  const asking = await openTab("/dashboard/account");
  tabs.push(asking);
  const held = wire.holdReply(/^\/api\/trpc\/sessions\.list/);
  await asking.getByRole("navigation", { name: "Main" }).getByRole("link", { name: "Devices" }).click();
  await held.answered;
  for (const tab of tabs) await countTicks(tab);

  // The lid closes: no page runs, and the connections die.
  const wake = await putToSleep(browser!);
  const { length: asked } = wire.exchanges;
  const before = await sessionCookies(context);
  try {
    wire.cut();
    const until = Date.now() + NIGHT_MS;
    await expect.poll(() => Date.now() > until, { timeout: NIGHT_MS + 5_000 }).toBe(true);
    await untilAccessExpires(context);
  } finally {
    held.release();
    wire.mend();
    wake();
  }
  for (const tab of tabs) expect(await ticksOf(tab), "it slept").toBeLessThan(NIGHT_MS / 100 / 2);

  for (const tab of [page, tabs[1]!, asking]) {
    await expect(tab.getByText("This device", { exact: true })).toBeVisible({ timeout: 20_000 });
  }
  const lists = () => wire.exchanges.slice(asked).filter(({ path }) => path.includes("sessions.list"));
  await expect
    .poll(() => lists().filter(({ status }) => status === 200).length, { timeout: 20_000 })
    .toBeGreaterThanOrEqual(3);
  const renewed = (await sessionCookies(context)).refresh?.value;
  expect(renewed).not.toBe(before.refresh?.value);
  expect(refreshTokensIn(wire.exchanges.slice(asked)), "one rotation").toEqual(new Set([renewed]));

  await Promise.all(tabs.map((tab) => tab.reload()));
  for (const tab of tabs) await expect(tab.getByRole("button", { name: "Sign out" }).first()).toBeVisible();
  expect(waysToLogin(wire.exchanges)).toEqual([]);
});

/** Stops every process that runs pages. Returns what lets them go on. */
async function putToSleep(browser: Browser): Promise<() => void> {
  const session = await browser.newBrowserCDPSession();
  const { processInfo } = await session.send("SystemInfo.getProcessInfo");
  const renderers = processInfo.filter(({ type }) => type === "renderer").map(({ id }) => id);
  for (const pid of renderers) process.kill(pid, "SIGSTOP");
  return () => renderers.forEach((pid) => process.kill(pid, "SIGCONT"));
}

/** A page that runs counts ten times a second. */
async function countTicks(page: Page): Promise<void> {
  await page.evaluate(() => {
    const counting = window as typeof window & { ticks: number };
    counting.ticks = 0;
    setInterval(() => (counting.ticks += 1), 100);
  });
}

function ticksOf(page: Page): Promise<number> {
  return page.evaluate(() => (window as typeof window & { ticks: number }).ticks);
}
