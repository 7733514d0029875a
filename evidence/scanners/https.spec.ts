import type { APIResponse } from "@playwright/test";
import { createConnection } from "mysql2/promise";
import { parseDatabaseUrl } from "@/db/database-url.mjs";
import { expect, testOnDedicatedServer as test } from "@/e2e/kit";
import { expectSecurityHeaders } from "@/e2e/headers/expect-security-headers";
import { expectRulesHold, findingsIn, observatoryScore, scan } from "./scan";

const APP_ORIGIN = "https://app.example.test";

test("scanners: all rules hold on https, and error responses have the security headers too", async ({
  server,
  newCalls,
}) => {
  test.setTimeout(90_000);
  await server.stopApp();
  const operator = await createConnection(parseDatabaseUrl(server.database.url)[0]);
  // Remove counters of earlier logins with higher limits.
  await operator.query("delete from rate_limits");
  await server.startApp({ APP_ORIGIN, MAIL: "off", RATE_LIMIT_FACTOR: "1" });
  const { request } = await newCalls();
  const nonces: (string | null)[] = [];
  const expectOn = async (answer: APIResponse, status: number) => {
    expect(answer.status(), await answer.text()).toBe(status);
    const path = new URL(answer.url()).pathname;
    nonces.push(
      expectSecurityHeaders({ request: path, path, status, headers: answer.headersArray() }, { isHttps: true }),
    );
  };
  const get = (path: string, headers = {}) => request.get(server.url + path, { headers, maxRedirects: 0 });

  const scanned = await scan((await newCalls()).request, server.url, APP_ORIGIN);
  expectRulesHold(scanned);
  expect(observatoryScore(scanned)).toBe(135);
  expect(findingsIn(scanned.page["content-security-policy"] ?? "").weaknesses).toEqual([]);

  const cookie = scanned.setCookies.map(({ name, value }) => `${name}=${value}`).join("; ");
  for (const path of ["/login", "/nowhere", "/maintenance?status=503"]) {
    await expectOn(await get(path), path === "/nowhere" ? 404 : 200);
  }
  await expectOn(await get("/dashboard"), 307);
  await expectOn(await get("/dashboard", { cookie }), 200);
  await expectOn(await get("/api/trpc/users.me", { cookie }), 200);

  // A permanent error: the table is missing.
  await operator.query("rename table users to users_away");
  await expectOn(await get("/api/trpc/users.me", { cookie }), 500);
  await operator.query("rename table users_away to users");
  await operator.end();

  const guess = {
    headers: { origin: APP_ORIGIN },
    data: { email: "nobody@example.test", password: "a guess of mine" },
  };
  const guesses = await Promise.all(
    Array.from({ length: 11 }, () => request.post(`${server.url}/api/trpc/auth.login`, guess)),
  );
  const refused = guesses.filter((answer) => answer.status() === 429);
  expect(refused.length).toBeGreaterThan(0);
  for (const answer of refused) await expectOn(answer, 429);

  await server.database.stop();
  await expectOn(await get("/api/trpc/users.me", { cookie }), 503);
  // Probes share a check, whose result is kept for a second.
  await expect.poll(async () => (await get("/api/health/ready")).status(), { timeout: 30_000 }).toBe(503);
  await expectOn(await get("/api/health/ready"), 503);
  expect(new Set(nonces.filter((nonce) => nonce !== null)).size).toBe(nonces.filter((nonce) => nonce !== null).length);
});
