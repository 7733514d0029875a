import { randomUUID } from "node:crypto";
import { expect, test } from "@/e2e/kit";
import { generateAccount } from "@/e2e/kit/accounts";
import { sessionCookies } from "@/e2e/kit/cookies";
import { loginForm } from "@/e2e/kit/forms";

test("login: works with the keyboard alone", async ({ page, account }) => {
  await page.goto("/login");
  const form = loginForm(page);
  await expect(form.submit).toBeEnabled();

  const focused = page.locator(":focus");
  const emailHasFocus = () => form.email.evaluate((input) => input === document.activeElement);
  for (let presses = 0; presses < 6 && !(await emailHasFocus()); presses++) await page.keyboard.press("Tab");
  await page.keyboard.type(account.email);
  await page.keyboard.press("Tab");
  await expect(focused).toHaveAttribute("type", "password");
  await page.keyboard.type(account.password);
  await page.keyboard.press("Enter");

  await expect(page).toHaveURL(/\/dashboard$/);
  await expect(page.getByRole("heading", { level: 1 })).toHaveText(`Hello, ${account.fullName}`);
});

test("login: accepts an email with an international domain in Unicode and in Punycode", async ({
  page,
  newAccount,
  network,
}) => {
  const email = `ada.${randomUUID()}@münchen.example`;
  const account = await newAccount({ email: email.replace("münchen", "xn--mnchen-3ya") });
  await page.goto("/login");
  const form = loginForm(page);
  await form.fill({ ...account, email: email.replace("@m", "@M") });
  await form.submit.click();
  await expect(page).toHaveURL(/\/dashboard$/);
  await page.goto("/dashboard/account");
  await expect(page.getByText(email, { exact: true })).toBeVisible();
  expect(network.exchanges.filter(({ method, status }) => method === "POST" && status !== 200)).toEqual([]);
});

test("login: shows the same message for an unknown email and a wrong password, and keeps the input", async ({
  page,
  account,
}) => {
  await page.goto("/login");
  const form = loginForm(page);
  const messages: string[] = [];
  for (const email of [account.email, generateAccount().email]) {
    const attempt = { email, password: "not the password at all" };
    await form.fill(attempt);
    await form.submit.click();
    await expect(form.problem).toContainText("The email or password is incorrect.");
    messages.push(await form.problem.innerText());
    await expect(form.email).toHaveValue(attempt.email);
    await expect(form.password).toHaveValue(attempt.password);
  }
  expect(messages[0]).toBe(messages[1]);
  expect(await sessionCookies(page.context())).toEqual({ access: null, refresh: null });
});

test("login: an empty form shows an error at each field, sends no request and focuses the first field", async ({
  page,
  network,
}) => {
  await page.goto("/login");
  const form = loginForm(page);
  await form.submit.click();
  await expect(form.email).toHaveAccessibleDescription("Enter your email.");
  await expect(form.password).toHaveAccessibleDescription("Enter your password.");
  await expect(form.email).toHaveAttribute("aria-invalid", "true");
  await expect(form.email).toBeFocused();
  // The suggestions of passkeys, which start with the page.
  const suggestions = "/api/trpc/auth.beginPasskeyLogin";
  const sent = network.exchanges.filter(({ method, path }) => method === "POST" && !path.startsWith(suggestions));
  expect(sent).toEqual([]);

  await form.email.fill("corrected@example.test");
  await expect(form.email).toHaveAccessibleDescription("");
});

test("login: an email that only the server rejects shows its error at the field", async ({ page }) => {
  await page.goto("/login");
  const form = loginForm(page);
  await form.fill({ email: "ada@gate..test", password: "something" });
  await form.submit.click();
  await expect(form.email).toHaveAccessibleDescription(/like name@example\.com/);
  await expect(form.email).toBeFocused();
  await expect(form.password).toHaveValue("something");
});

test("login: too many failures show the remaining wait in the form, which keeps the input", async ({
  page,
  calls,
  account,
}) => {
  const wrong = { email: account.email, password: "not the password at all" };
  for (let failures = 0; failures < 10; failures++) {
    const response = await calls.mutate("auth.login", wrong);
    expect(response.error?.reason).toBe("INVALID_CREDENTIALS");
  }
  const refused = await calls.mutate("auth.login", wrong);
  expect(refused.error?.reason).toBe("RATE_LIMITED");

  await page.goto("/login");
  const form = loginForm(page);
  await form.fill(wrong);
  await form.submit.click();
  await expect(form.problem).toContainText("Too many wrong passwords were tried for this account.");
  const countdown = form.problem.locator("[aria-hidden]");
  await expect(countdown).toHaveText(/You can try again in 14 min \d+ s\./);
  const first = await countdown.innerText();
  await expect(countdown).not.toHaveText(first);
  await expect(page).toHaveURL(/\/login$/);
  await expect(form.email).toHaveValue(wrong.email);
  await expect(form.password).toHaveValue(wrong.password);
});

test("login: failures from other browsers do not lock out a browser that was signed in before", async ({
  page,
  calls,
  account,
  signIn,
  context,
}) => {
  await (await signIn(context, account)).mutate("auth.logout");
  for (let failures = 0; failures < 11; failures++) {
    await calls.mutate("auth.login", { email: account.email, password: "wrong" }, { "user-agent": "OtherBrowser/1.0" });
  }
  await page.goto("/login");
  const form = loginForm(page);
  await form.fill(account);
  await form.submit.click();
  await expect(page).toHaveURL(/\/dashboard$/);
});

test("login: without a connection the form says so, keeps the input and works after the connection returns", async ({
  page,
  account,
  network,
}) => {
  await page.goto("/login");
  const form = loginForm(page);
  await form.fill(account);
  network.disconnect();
  await form.submit.click();
  await expect(form.problem).toContainText("We could not reach the server.");
  await expect(form.password).toHaveValue(account.password);

  network.reconnect();
  await form.submit.click();
  await expect(page).toHaveURL(/\/dashboard$/);
});

test("login: submitting twice sends one request", async ({ page, account, network }) => {
  await page.goto("/login");
  const form = loginForm(page);
  await form.fill(account);
  const held = network.holdResponse("/api/trpc/auth.login");
  await form.password.press("Enter");
  await held.answered;
  await expect(page.getByRole("button", { name: "Signing in…" })).toHaveAttribute("aria-disabled", "true");
  await page.getByRole("button", { name: "Signing in…" }).click({ force: true });
  await form.password.press("Enter");
  held.release();

  await expect(page).toHaveURL(/\/dashboard$/);
  expect(network.exchanges.filter(({ path }) => path === "/api/trpc/auth.login")).toHaveLength(1);
});

test('login: without "keep me signed in" the cookies are session cookies', async ({ page, context, account }) => {
  await page.goto("/login");
  const form = loginForm(page);
  await form.fill(account);
  await form.remember.uncheck();
  await form.submit.click();
  await expect(page).toHaveURL(/\/dashboard$/);

  const { access, refresh } = await sessionCookies(context);
  expect([access?.expires, refresh?.expires]).toEqual([-1, -1]);
});

test("login: the password can be shown and hidden again", async ({ page }) => {
  await page.goto("/login");
  const { password } = loginForm(page);
  await password.fill("velvet otters");
  await page.getByRole("button", { name: "Show password" }).click();
  await expect(password).toHaveAttribute("type", "text");
  await expect(password).toHaveValue("velvet otters");
  await page.getByRole("button", { name: "Hide password" }).click();
  await expect(password).toHaveAttribute("type", "password");
});

test("login: a signed-in user is redirected from /login, /register and / to the dashboard", async ({
  signedInPage: page,
}) => {
  for (const path of ["/login", "/register", "/"]) {
    await page.goto(path);
    await expect(page).toHaveURL(/\/dashboard$/);
  }
  await page.goto("/login?next=%2Fdashboard%2Faccount");
  await expect(page).toHaveURL(/\/dashboard\/account$/);
});
