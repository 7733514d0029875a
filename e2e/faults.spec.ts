import { randomBytes } from "node:crypto";
import { expect, testOnDedicatedServer as test } from "@/e2e/kit";
import { expireAccessToken, sessionCookies, waitForAccessExpiry } from "@/e2e/kit/cookies";
import { loginNavigations } from "./kit/http-exchange";
import { loginForm } from "@/e2e/kit/forms";

test("outage: without the database the overview opens; other pages show the maintenance page, which returns by itself", async ({
  signedInPage: page,
  context,
  server,
  baseURL,
}) => {
  await page.goto("/dashboard");
  await expect(page.getByText("Only this device")).toBeVisible();
  const before = await sessionCookies(context);

  await server.database.stop();
  await page.reload();
  await expect(page.getByText("We cannot do this right now.", { exact: false })).toBeVisible();
  await expect(page.getByRole("heading", { level: 1 })).toContainText("Hello");
  await expect(page).toHaveURL(/\/dashboard$/);

  await expireAccessToken(context);
  await page.goto("/dashboard/account");
  await expect(page).toHaveURL(`${baseURL}/maintenance?status=503&next=%2Fdashboard%2Faccount`);
  await expect(page.getByRole("heading", { level: 1, name: "Temporarily unavailable" })).toBeVisible();
  expect((await sessionCookies(context)).refresh?.value).toBe(before.refresh?.value);

  await server.database.start();
  await expect(page.getByRole("heading", { level: 1, name: "Account" })).toBeVisible();
  await expect(page).toHaveURL(`${baseURL}/dashboard/account`);
});

test("outage: the login form reports a database outage, keeps the input and works after the database returns", async ({
  page,
  account,
  server,
}) => {
  await page.goto("/login");
  const form = loginForm(page);
  await form.fill(account);
  await server.database.stop();
  await form.submit.click();
  await expect(form.problem).toContainText("We cannot do this right now.");
  await expect(page).toHaveURL(/\/login$/);
  await expect(form.email).toHaveValue(account.email);
  await expect(form.password).toHaveValue(account.password);

  await server.database.start();
  await form.submit.click();
  await expect(page).toHaveURL(/\/dashboard$/);
});

test("outage: a hanging database times out, and the session continues", async ({
  signedInPage: page,
  context,
  server,
  request,
}) => {
  await page.goto("/dashboard");
  await expect(page.getByText("Only this device")).toBeVisible();
  await server.database.pause();
  await expect.poll(async () => (await request.get("/api/health/ready")).status()).toBe(503);
  await expireAccessToken(context);
  await page.goto("/dashboard");
  await expect(page.getByRole("heading", { level: 1 })).not.toContainText("Hello");
  expect((await sessionCookies(context)).refresh).not.toBeNull();

  await server.database.resume();
  await page.goto("/dashboard");
  await expect(page.getByRole("heading", { level: 1 })).toContainText("Hello");
});

test("restart: the app exits cleanly, and the session continues", async ({ signedInPage: page, context, server }) => {
  await page.goto("/dashboard");
  expect(await server.stopApp()).toEqual({ code: 0, signal: null });
  await server.startApp();
  await page.reload();
  await expect(page.getByRole("heading", { level: 1 })).toContainText("Hello");
  await expireAccessToken(context);
  await page.reload();
  await expect(page.getByRole("heading", { level: 1 })).toContainText("Hello");
});

test("crash: a session survives when app and database are killed before the response is delivered", async ({
  signedInPage: page,
  context,
  server,
  network,
}) => {
  await page.goto("/dashboard");
  await waitForAccessExpiry(context);
  const lost = network.dropResponses("/dashboard/account");
  const closed = await context.newPage();
  void closed.goto("/dashboard/account").catch(() => {});
  await lost.first;
  await closed.close();
  await server.killApp();
  await server.database.kill();
  await server.database.start();
  await server.startApp();
  lost.stop();

  await page.goto("/dashboard/account");
  await expect(page.getByRole("heading", { level: 1, name: "Account" })).toBeVisible();
  expect(loginNavigations(network.exchanges)).toEqual([]);
});

test("key rotation: new secrets with the old ones still accepted do not end the session", async ({
  signedInPage: page,
  context,
  server,
  network,
}) => {
  await page.goto("/dashboard");
  const secret = () => randomBytes(32).toString("base64url");
  await server.stopApp();
  await server.startApp({
    SESSION_SECRET: secret(),
    JWT_ACCESS_SECRET: secret(),
    SESSION_SECRET_PREVIOUS: process.env.SESSION_SECRET ?? "",
    JWT_ACCESS_SECRET_PREVIOUS: process.env.JWT_ACCESS_SECRET ?? "",
  });
  await page.reload();
  await expect(page.getByRole("heading", { level: 1 })).toContainText("Hello");
  await expireAccessToken(context);
  await page.reload();
  await expect(page.getByRole("heading", { level: 1 })).toContainText("Hello");
  expect(network.exchanges.filter(({ path }) => /^\/(resume|login)/.test(path))).toEqual([]);
});

test("key rotation: an access key that is retired at once costs one redirect through /resume", async ({
  page,
  account,
  signIn,
  server,
  network,
}) => {
  // A session cookie has no expiry, so the browser keeps it however long the restart takes.
  await signIn(page.context(), account, { remember: false });
  await server.stopApp();
  await server.startApp({ JWT_ACCESS_SECRET: randomBytes(32).toString("base64url") });
  await page.goto("/dashboard");
  await expect(page.getByRole("heading", { level: 1 })).toContainText("Hello");
  expect(network.exchanges.filter(({ path }) => path.startsWith("/resume"))).toHaveLength(1);
});

test("health: readiness fails without the database, liveness does not", async ({ request, server }) => {
  await server.database.stop();
  for (const path of ["/health", "/api/health/live"]) {
    const response = await request.get(path);
    expect([response.status(), await response.json()], path).toEqual([200, { ok: true }]);
  }
  await expect.poll(async () => (await request.get("/api/health/ready")).status()).toBe(503);
  await server.database.start();
  await expect.poll(async () => (await request.get("/api/health/ready")).status()).toBe(200);
});

test("logs: the app writes no token, cookie or password", async ({ page, account, calls, server, context }) => {
  await page.goto("/login");
  const form = loginForm(page);
  await form.fill({ ...account, password: "mistyped otters" });
  await form.submit.click();
  await expect(form.problem).toContainText("incorrect");
  await form.fill(account);
  await form.submit.click();
  await expect(page).toHaveURL(/\/dashboard$/);
  const { access, refresh } = await sessionCookies(context);
  await calls.query("users.me", undefined, {
    cookie: `__acc=${access?.value}; __ref=${refresh?.value}`,
    authorization: "Bearer x",
  });
  await expireAccessToken(context);
  await page.reload();
  await expect(page.getByRole("heading", { level: 1 })).toContainText("Hello");
  await page.getByRole("button", { name: "Sign out" }).click();
  await expect(page.getByRole("heading", { name: "Sign in" })).toBeVisible();

  const written = server.app.output();
  expect(written).toContain("logged-in");
  for (const secret of [account.password, "mistyped otters", access?.value, refresh?.value, "__acc=", "__ref="]) {
    expect(written).not.toContain(secret);
  }
  expect(written).not.toMatch(/eyJ[\w-]+\.[\w-]+\./);
});
