import { connect, constants, type IncomingHttpHeaders } from "node:http2";
import { expect } from "@playwright/test";
import { collectPageErrors } from "@/e2e/kit/page-errors";
import { sessionCookies, waitForAccessExpiry } from "@/e2e/kit/cookies";
import { loginForm } from "@/e2e/kit/forms";
import { fetchResponse, type Endpoint } from "@/evidence/http-client";
import { test, type Deployment } from "./deployment";
import { Client } from "./client";

const YEAR_OF_SECONDS = 31_536_000;

function endpointOf({ caddy }: Deployment): Endpoint {
  return { port: caddy.httpsPort, caCertificate: caddy.caCertificate };
}

test("https: a user signs in, refreshes on both instances, and signs out", async ({ page, context, deployment }) => {
  const pageErrors = collectPageErrors(context);
  const account = await new Client(endpointOf(deployment), deployment.origin).register();
  await page.goto("/dashboard/sessions");
  await expect(page).toHaveURL(`${deployment.origin}/login?next=%2Fdashboard%2Fsessions`);
  const login = loginForm(page);
  await login.fill(account);
  await login.submit.click();
  await expect(page).toHaveURL(`${deployment.origin}/dashboard/sessions`);
  const atFirst = await sessionCookies(context);
  for (const [cookie, name] of [
    [atFirst.access, "__Host-__acc"],
    [atFirst.refresh, "__Host-__ref"],
  ] as const) {
    const attributes = { secure: true, httpOnly: true, sameSite: "Lax", path: "/", domain: "localhost" };
    expect(cookie).toMatchObject({ name, ...attributes });
  }
  expect(await page.evaluate(() => window.isSecureContext)).toBe(true);

  const here = page.getByRole("listitem").filter({ hasText: "This device" });
  await expect(here).toContainText(/IP address(127\.0\.0\.1|::1)/);
  await waitForAccessExpiry(context);
  await page.getByRole("navigation", { name: "Main" }).getByRole("link", { name: "Account" }).click();
  await expect(page.getByRole("heading", { level: 1, name: "Account" })).toBeVisible();
  await waitForAccessExpiry(context);
  await page.goto("/dashboard/sessions");
  await expect(here).toHaveCount(1);
  const renewed = await sessionCookies(context);
  expect(renewed.refresh?.value).not.toBe(atFirst.refresh?.value);

  await page.getByRole("banner").getByRole("button", { name: "Sign out" }).click();
  await expect(page).toHaveURL(/\/login/);
  expect(await sessionCookies(context)).toEqual({ access: null, refresh: null });
  expect(pageErrors).toEqual([]);
  for (const { output } of deployment.instances)
    expect(output(), "an instance without requests").toContain('"path":"/');
});

test("https: a request over http is redirected to the same path over https", async ({ deployment }) => {
  const response = await fetchResponse({ port: deployment.caddy.httpPort, path: "/login?next=%2Fdashboard%2Faccount" });
  expect(response.status).toBe(308);
  expect(response.location).toBe(`${deployment.origin}/login?next=%2Fdashboard%2Faccount`);
});

test("https: HTTP/2 responses have the security headers and no connection headers", async ({ deployment }) => {
  const session = connect(deployment.origin, { ca: deployment.caddy.caCertificate });
  try {
    for (const path of ["/login", "/", "/api/trpc/auth.session", "/api/health/ready", "/nowhere"]) {
      const headers = await new Promise<IncomingHttpHeaders>((resolve, reject) => {
        const stream = session.request({ [constants.HTTP2_HEADER_PATH]: path });
        stream.once("error", reject).once("response", resolve).resume();
      });
      expect(headers, path).toMatchObject({
        "strict-transport-security": expect.stringContaining(`max-age=${YEAR_OF_SECONDS}`),
        "content-security-policy": expect.stringContaining("default-src 'none'"),
        "x-request-id": expect.any(String),
      });
      const names = Object.keys(headers);
      for (const name of ["connection", "keep-alive", "transfer-encoding", "upgrade", "x-powered-by"])
        expect(names, path).not.toContain(name);
      if (path === "/login") expect(headers["content-security-policy"]).toContain("upgrade-insecure-requests");
    }
  } finally {
    session.close();
  }
});

test("https: redirects stay on APP_ORIGIN, whatever host headers the client sends", async ({ deployment }) => {
  const client = new Client(endpointOf(deployment), deployment.origin);
  const paths = ["/", "/dashboard", "/dashboard/", "/login/", "/resume?next=%2Fdashboard", "/resume?next=//evil.test"];
  const forged = [
    ["X-Forwarded-Host", "evil.test"],
    ["X-Forwarded-Proto", "http"],
    ["X-Forwarded-Port", "3000"],
    ["Forwarded", "host=evil.test;proto=http"],
  ] as const;
  for (const path of paths) {
    const { status, headers } = await client.page(path, forged);
    expect([path, Math.floor(status / 100)]).toEqual([path, 3]);
    const { origin } = new URL(headers.location ?? "", deployment.origin);
    expect([path, origin]).toEqual([path, deployment.origin]);
  }
});

test("https: mutations are accepted only from APP_ORIGIN", async ({ deployment }) => {
  const { caddy, instances, origin } = deployment;
  const foreignOrigins = [
    `http://localhost:${caddy.httpPort}`,
    `http://localhost:${caddy.httpsPort}`,
    `http://localhost:${instances[0]!.port}`,
    "https://localhost",
    "null",
  ];
  const statusFor = async (from: string) =>
    (await new Client(endpointOf(deployment), from).mutate("auth.logout", undefined)).status;
  for (const foreign of foreignOrigins) expect([foreign, await statusFor(foreign)]).toEqual([foreign, 403]);
  expect(await statusFor(origin)).toBe(200);
});
