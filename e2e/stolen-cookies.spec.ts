import type { BrowserContext, Page } from "@playwright/test";
import { expect, testOnDedicatedServer as test } from "./kit";
import { copyCookies, expireAccessToken, sessionCookies } from "./kit/cookies";
import { loginForm } from "./kit/forms";
import { SHORT_LIFETIMES, type DedicatedServer } from "./kit/dedicated-server";

const FIREFOX = { userAgent: "Mozilla/5.0 (Windows NT 10.0; Win64; x64; rv:140.0) Gecko/20100101 Firefox/140.0" };
const AFTER_GRACE_MS = (Number(SHORT_LIFETIMES.REFRESH_GRACE_SECONDS) + 1) * 1000;

for (const thiefIsFirst of [true, false]) {
  for (const isSameKind of [false, true]) {
    const title = `stolen cookies: if the ${thiefIsFirst ? "thief" : "victim"} refreshes first, in ${isSameKind ? "the same kind of" : "another"} browser, both are signed out`;
    // Only one of the four is fast enough for every run.
    const tag = thiefIsFirst && !isSameKind ? [] : ["@slow"];

    test(title, { tag }, async ({ signedInPage: page, context, account, signIn, openBrowser, server }) => {
      const { id } = (await (await signIn(context, account)).query("auth.session")).data.session;
      const thief = await openBrowser({ baseURL: server.url, ...(isSameKind ? {} : FIREFOX) });
      await copyCookies(context, thief);
      const [first, second] = thiefIsFirst ? [thief, context] : [context, thief];

      await waitFor(AFTER_GRACE_MS);
      const firstPage = first === context ? page : await first.newPage();
      const secondPage = second === context ? page : await second.newPage();
      await refreshSession(first, firstPage);
      await expectSignedIn(firstPage);
      await waitFor(AFTER_GRACE_MS);
      await refreshSession(second, secondPage);
      if (isSameKind) {
        // Indistinguishable from a lost response: accepted, and detected when the other browser refreshes again.
        await expectSignedIn(secondPage);
        await waitFor(AFTER_GRACE_MS);
        await refreshSession(first, firstPage);
      }

      for (const [holder, shown] of [
        [first, firstPage],
        [second, secondPage],
      ] as const) {
        // The newest refresh token is rejected like the others, and so is an access token that has not expired yet.
        await shown.goto("/dashboard");
        await expectLoginPage(shown);
        expect(await sessionCookies(holder)).toEqual({ access: null, refresh: null });
      }
      const replayed = readEvents(server, id).filter(({ event }) => event === "session-replayed");
      expect(replayed).toEqual([expect.objectContaining({ userId: account.id, requestId: expect.any(String) })]);
      // If the browsers differ, the log names the usual cause outside production.
      const hint = isSameKind ? undefined : expect.stringContaining("One saved browser state used by several browsers");
      expect(replayed[0]!.hint).toEqual(hint);

      const form = loginForm(page);
      await expect(form.problem, "no error message").toHaveText("");
      await form.fill(account);
      await form.submit.click();
      await expectSignedIn(page);
      await secondPage.reload();
      if (secondPage !== page) await expectLoginPage(secondPage);
    });
  }
}

/** Loads a page without an access cookie, which refreshes the session. */
async function refreshSession(holder: BrowserContext, page: Page): Promise<void> {
  await expireAccessToken(holder);
  await page.goto("/dashboard");
}

function readEvents(server: DedicatedServer, sessionId: string): Record<string, unknown>[] {
  const lines = server.app.output().split("\n");
  return lines.filter((line) => line.includes('"event"') && line.includes(sessionId)).map((line) => JSON.parse(line));
}

/** For time that must pass without anything observable. */
async function waitFor(milliseconds: number): Promise<void> {
  const until = Date.now() + milliseconds;
  await expect.poll(() => Date.now() > until, { timeout: milliseconds + 5_000 }).toBe(true);
}

async function expectSignedIn(page: Page): Promise<void> {
  await expect(page.getByRole("heading", { level: 1 })).toContainText("Hello");
}

async function expectLoginPage(page: Page): Promise<void> {
  await expect(page.getByRole("heading", { level: 1, name: "Sign in" })).toBeVisible();
}
