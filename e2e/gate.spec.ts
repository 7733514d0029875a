import { randomBytes } from "node:crypto";
import { SignJWT } from "jose";
import { expect, test } from "@/e2e/kit";
import {
  expireAccessToken,
  FORGED_TOKEN,
  sessionCookies,
  replaceAccessToken,
  replaceRefreshToken,
} from "@/e2e/kit/cookies";
import { documentLoads, loginNavigations } from "./kit/http-exchange";

const PRIVATE_PAGES = ["/dashboard", "/dashboard/sessions", "/dashboard/account", "/dashboard/security"];

for (const path of PRIVATE_PAGES) {
  test(`gate: a guest at ${path} is redirected to the login page`, async ({ page, baseURL }) => {
    await page.goto(path);
    await expect(page).toHaveURL(`${baseURL}/login?next=${encodeURIComponent(path)}`);
    await expect(page.getByRole("heading", { level: 1, name: "Sign in" })).toBeVisible();
  });
}

test("gate: a page without an access cookie is refreshed in the same request, and only that cookie changes", async ({
  signedInPage: page,
  context,
  network,
}) => {
  const before = await sessionCookies(context);
  await expireAccessToken(context);
  const seen = network.exchanges.length;
  await page.goto("/dashboard/account");
  await expect(page.getByRole("heading", { level: 1, name: "Account" })).toBeVisible();

  const after = await sessionCookies(context);
  expect(after.access?.value).toBeTruthy();
  expect(after.refresh?.value, "just made: it is not due yet").toBe(before.refresh?.value);
  expect(documentLoads(network.exchanges.slice(seen))).toEqual(["/dashboard/account 200"]);
});

const signWithRetiredKey = async () =>
  new SignJWT({ sub: "some user", sid: "some session" })
    .setProtectedHeader({ alg: "HS256", typ: "at+jwt", kid: "retired" })
    .setExpirationTime("10 min")
    .sign(randomBytes(32));

for (const [what, token] of [
  ["forged", async () => FORGED_TOKEN],
  ["signed with a retired key", signWithRetiredKey],
  ["no token at all", async () => "x"],
] as const) {
  test(`gate: an access cookie that is ${what} costs one redirect through /resume, and the session continues`, async ({
    signedInPage: page,
    context,
    network,
  }) => {
    await replaceAccessToken(context, await token());
    const seen = network.exchanges.length;
    await page.goto("/dashboard/account");
    await expect(page.getByRole("heading", { level: 1, name: "Account" })).toBeVisible();
    expect(documentLoads(network.exchanges.slice(seen))).toEqual([
      "/dashboard/account 307",
      "/resume?next=%2Fdashboard%2Faccount 307",
      "/dashboard/account 200",
    ]);
  });
}

test("gate: a page load after a change of network continues after one redirect through /resume", async ({
  signedInPage: page,
  network,
}) => {
  network.setClientAddress("127.0.0.77");
  const seen = network.exchanges.length;
  await page.goto("/dashboard/sessions");
  await expect(page.getByRole("listitem").filter({ hasText: "This device" })).toBeVisible();
  expect(documentLoads(network.exchanges.slice(seen))).toHaveLength(3);
});

test("gate: a click after a change of network is not interrupted", async ({ signedInPage: page, network }) => {
  await page.goto("/dashboard");
  await expect(page.getByText("Only this device")).toBeVisible();
  network.setClientAddress("127.0.0.77");
  await page.getByRole("navigation", { name: "Main" }).getByRole("link", { name: "Account" }).click();
  await expect(page.getByRole("heading", { level: 1, name: "Account" })).toBeVisible();
  expect(loginNavigations(network.exchanges)).toEqual([]);
});

test("gate: two invalid cookies lead to the login page, and signing in works", async ({
  signedInPage: page,
  context,
  account,
  baseURL,
}) => {
  // Values of their own: the redirect-loop guard counts requests with the same cookies from the same address.
  await replaceAccessToken(context, "invalid-access");
  await replaceRefreshToken(context, "invalid-refresh");
  await page.goto("/dashboard/account");
  await expect(page).toHaveURL(`${baseURL}/login?next=%2Fdashboard%2Faccount`);
  await page.getByLabel("Email").fill(account.email);
  await page.getByLabel("Password", { exact: true }).fill(account.password);
  await page.getByRole("button", { name: "Sign in", exact: true }).click();
  await expect(page).toHaveURL(`${baseURL}/dashboard/account`);
});

test("gate: a click after the session was ended on another device leads to the login page by one full load", async ({
  signedInPage: page,
  context,
  account,
  newCalls,
  network,
  baseURL,
}) => {
  const elsewhere = await newCalls();
  await page.goto("/dashboard");
  await expect(page.getByText("Only this device")).toBeVisible();
  await elsewhere.signIn(account);
  expect((await elsewhere.mutate("auth.logoutAll")).data).toEqual({ ok: true });

  const seen = network.exchanges.length;
  await page.getByRole("navigation", { name: "Main" }).getByRole("link", { name: "Account" }).click();
  await expect(page).toHaveURL(`${baseURL}/login?next=%2Fdashboard%2Faccount`);
  await expect(page.getByRole("heading", { level: 1, name: "Sign in" })).toBeVisible();
  expect(await sessionCookies(context)).toEqual({ access: null, refresh: null });
  const asked = documentLoads(network.exchanges.slice(seen)).filter((line) => line.startsWith("/dashboard/account "));
  expect(asked).toEqual(["/dashboard/account 307"]);
});
