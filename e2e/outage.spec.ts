import { expect, testOnDedicatedServer as test } from "@/e2e/kit";
import { sessionCookies } from "@/e2e/kit/cookies";
import { loginForm } from "@/e2e/kit/forms";

const OUTAGE_MS = 20_000;

test(
  "outage: during 20 s without the database access tokens expire, no cookie changes, and every tab recovers by itself",
  {
    tag: "@slow",
  },
  async ({ signedInPage: page, context, account, openTab, openBrowser, server, baseURL, network }) => {
    await page.goto("/dashboard/account");
    const overview = await openTab("/dashboard");
    await expect(overview.getByText("Only this device")).toBeVisible();
    const devices = await openTab("/dashboard/sessions");
    await expect(devices.getByText("This device", { exact: true })).toBeVisible();
    const guest = await (await openBrowser({ baseURL: server.url })).newPage();
    await guest.goto("/login");
    const form = loginForm(guest);
    await form.fill(account);
    const { refresh } = await sessionCookies(context);
    const requestsBefore = network.exchanges.length;

    await server.database.stop();
    const until = Date.now() + OUTAGE_MS;
    await form.submit.click();
    await expect(form.problem).toContainText("We cannot do this right now.");
    // A navigation after the access token has expired leads to the maintenance page.
    await expect.poll(async () => (await sessionCookies(context)).access).toBeNull();
    await page.getByRole("navigation", { name: "Main" }).getByRole("link", { name: "Overview" }).click();
    await expect(page).toHaveURL(`${baseURL}/maintenance?status=503&next=%2Fdashboard`);
    await expect.poll(() => Date.now() > until, { timeout: OUTAGE_MS }).toBe(true);

    await expect(overview.getByRole("heading", { level: 1 })).toContainText("Hello");
    await expect(devices.getByText("This device", { exact: true }), "the loaded list stays visible").toBeVisible();
    await expect(devices.getByText("This list may be out of date.", { exact: false })).toBeVisible();
    await expect(form.email).toHaveValue(account.email);
    await expect(form.password).toHaveValue(account.password);
    expect((await sessionCookies(context)).refresh).toEqual(refresh);
    expect(network.exchanges.slice(requestsBefore).flatMap(({ setCookies }) => setCookies)).toEqual([]);

    await server.database.start();
    await expect(page.getByRole("heading", { level: 1 })).toContainText("Hello", { timeout: 60_000 });
    await expect(devices.getByText("This list may be out of date.", { exact: false })).toHaveCount(0);
    await overview.getByRole("navigation", { name: "Main" }).getByRole("link", { name: "Account" }).click();
    await expect(overview.getByRole("heading", { level: 1, name: "Account" })).toBeVisible();
    expect((await sessionCookies(context)).refresh?.value).not.toBe(refresh?.value);
    expect(network.exchanges.filter(({ location }) => location?.includes("/login"))).toEqual([]);

    await form.submit.click();
    await expect(guest.getByRole("heading", { level: 1 })).toContainText("Hello");
  },
);

test("outage: a logout without the database is reported as pending, survives a reload and a killed app, and completes later", async ({
  signedInPage: page,
  context,
  account,
  server,
  newCalls,
  signIn,
  openBrowser,
}) => {
  // Another device, from which to check which sessions ended.
  const elsewhere = await signIn(await openBrowser({ baseURL: server.url }), account);
  await page.goto("/dashboard/account");
  const { refresh } = await sessionCookies(context);
  await server.database.stop();
  await page.getByRole("banner").getByRole("button", { name: "Sign out" }).click();
  await expect(page.getByRole("heading", { name: "Sign in" })).toBeVisible();
  const pending = page.getByText("your session has not ended on the server yet", { exact: false });
  await expect(pending).toBeVisible();
  await expect(page.getByText("still signed in", { exact: false })).toHaveCount(0);
  expect(await sessionCookies(context)).toEqual({ access: null, refresh: null });
  await page.reload();
  await expect(pending).toBeVisible();

  // The killed process lost its queue: only the browser has the pending logout.
  await server.killApp();
  await server.database.start();
  await server.startApp();
  await expect(page.getByText("your session has ended on the server too", { exact: false })).toBeVisible({
    timeout: 60_000,
  });
  const thief = await newCalls();
  const response = await thief.mutate("auth.refresh", undefined, { cookie: `${refresh!.name}=${refresh!.value}` });
  expect(response.error?.reason).toBe("SESSION_ENDED");
  const { data: devices } = await elsewhere.query("sessions.list");
  expect(devices.map(({ current }) => current)).toEqual([true]);
});
