import { expect, testOnDedicatedServer as test } from "./kit";
import { generateAccount } from "./kit/accounts";
import { loginForm } from "./kit/forms";

test("rate limit: an address may attempt ten logins a minute despite forged forwarding headers, and the form then shows how long to wait", async ({
  page,
  calls,
  account,
  network,
  server,
}) => {
  await server.stopApp();
  await server.startApp({ RATE_LIMIT_FACTOR: "1" });
  // A random address has no attempts in the current window.
  network.setClientAddress(anyAddress());
  for (let at = 0; at < 10; at++) {
    const credentials = { email: generateAccount().email, password: "a guess" };
    const claims = { "x-forwarded-for": `203.0.113.${at}`, "x-real-ip": `203.0.113.${at}` };
    const response = await calls.mutate("auth.login", credentials, claims);
    expect(response.error?.reason).toBe("INVALID_CREDENTIALS");
    expect(response.headers).toMatchObject({ "ratelimit-limit": "10", "ratelimit-remaining": String(9 - at) });
  }
  const refused = await calls.mutate(
    "auth.login",
    { email: "a@b.c", password: "x" },
    { "x-forwarded-for": "203.0.113.99" },
  );
  expect([refused.status, refused.error?.reason]).toEqual([429, "RATE_LIMITED"]);
  expect(Number(refused.headers["retry-after"])).toBe(refused.error?.retryAfterSeconds);
  expect(refused.error?.retryAfterSeconds).toBeLessThanOrEqual(60);
  expect(refused.headers).toMatchObject({
    "ratelimit-limit": "10",
    "ratelimit-remaining": "0",
    "ratelimit-reset": refused.headers["retry-after"],
  });

  await page.goto("/login");
  const form = loginForm(page);
  await form.fill({ email: "somebody@example.test", password: "what I typed" });
  await form.submit.click();
  await expect(form.problem).toContainText(/Too many attempts\. .*You can try again in \d+ s\./);
  await expect(page).toHaveURL(/\/login$/);
  await expect(form.password).toHaveValue("what I typed");

  // Another address has its own limit.
  network.setClientAddress(anyAddress());
  await form.fill(account);
  await form.submit.click();
  await expect(page).toHaveURL(/\/dashboard$/);
});

function anyAddress(): string {
  const number = () => Math.floor(Math.random() * 250) + 1;
  return `127.7.${number()}.${number()}`;
}
