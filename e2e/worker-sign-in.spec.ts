import { devices, type BrowserContext } from "@playwright/test";
import { expect, testOnDedicatedServer as test } from "@/e2e/kit";
import { copyCookies, expireAccessToken, waitForAccessExpiry } from "@/e2e/kit/cookies";
import { SHORT_LIFETIMES } from "./kit/dedicated-server";

const AFTER_GRACE_MS = (Number(SHORT_LIFETIMES.REFRESH_GRACE_SECONDS) + 1) * 1000;
const { defaultBrowserType: _, ...PHONE } = devices["iPhone 15"];

test.describe.configure({ mode: "serial" });

/** The session of each test below, in order. */
const sessionIds: string[] = [];
const readSessionId = async (context: BrowserContext, origin: string) => {
  const response = await context.request.get(`${origin}/api/trpc/auth.session`);
  return ((await response.json()) as { result: { data: { session: { id: string } } } }).result.data.session.id;
};

for (const [agent, options] of [
  ["a desktop browser", {}],
  ["a phone", PHONE],
] as const) {
  test.describe(agent, () => {
    test.use(options);

    for (const turn of ["first", "second"]) {
      test(`workerPage: the ${turn} test of ${agent} stays signed in through a rotation`, async ({
        workerPage: page,
        context,
        server,
      }) => {
        await page.goto("/dashboard");
        await expect(page.getByRole("heading", { level: 1 })).toContainText("Hello");
        sessionIds.push(await readSessionId(context, server.url));
        await waitForAccessExpiry(context);
        await page.reload();
        await expect(page.getByRole("heading", { level: 1 })).toContainText("Hello");
      });
    }
  });
}

test("workerPage: each user agent has its own session, which its tests share", () => {
  const [first, second, third, fourth] = sessionIds;
  expect([second, fourth]).toEqual([first, third]);
  expect(third).not.toBe(first);
});

test("workerPage: one saved state used by a desktop browser and a phone ends the session, and the log names the cause", async ({
  signedInPage: page,
  context,
  account,
  openBrowser,
  server,
}) => {
  const phone = await openBrowser({ baseURL: server.url, ...PHONE });
  await copyCookies(context, phone);
  await waitForAccessExpiry(context);
  await page.goto("/dashboard");
  await expect(page.getByRole("heading", { level: 1 })).toContainText("Hello");
  const until = Date.now() + AFTER_GRACE_MS;
  await expect.poll(() => Date.now() > until, { timeout: AFTER_GRACE_MS + 5_000 }).toBe(true);
  await expireAccessToken(phone);
  const other = await phone.newPage();
  await other.goto("/dashboard");
  await expect(other.getByRole("heading", { level: 1, name: "Sign in" })).toBeVisible();
  const lines = server.app.output().split("\n");
  const said = lines.filter((line) => line.includes("session-replayed") && line.includes(account.id)).join("\n");
  expect(said).toContain("give each its own sign-in");
});
