import { readFile } from "node:fs/promises";
import type { Page } from "@playwright/test";
import { expect, testOnDedicatedServer as test } from "@/e2e/kit";
import { expectAccessible } from "@/e2e/kit/accessibility";
import { Calls } from "@/e2e/kit/calls";
import { issuedRefreshTokens } from "@/e2e/kit/cookies";
import { loginForm } from "@/e2e/kit/forms";
import { ageLogins } from "@/e2e/kit/logins";
import type { Network } from "@/e2e/kit/network";
import { signInWithCode } from "@/e2e/kit/totp";

test.use({ variables: { RATE_LIMIT_FACTOR: "1000" } });

const NEW_EMAIL = "ada.newgate@example.test";
const NOT_CONFIRMED = "This was not done, because you did not confirm that it is you.";

/** The dialog of a step-up, by roles and labels. */
function dialogOf(page: Page) {
  const dialog = page.getByRole("dialog", { name: "Confirm that it is you" });
  return {
    dialog,
    password: dialog.getByLabel("Password", { exact: true }),
    confirm: dialog.getByRole("button", { name: "Confirm" }),
    cancel: dialog.getByRole("button", { name: "Cancel" }),
  };
}

function emailForm(page: Page) {
  return { email: page.getByLabel("New email"), submit: page.getByRole("button", { name: "Change email" }) };
}

/** The statuses of the responses to one procedure, in order. */
function statusesOf({ exchanges }: Network, procedure: string): (number | null)[] {
  return exchanges.filter(({ path }) => path.startsWith(`/api/trpc/${procedure}`)).map(({ status }) => status);
}

test("step-up: after a recent login a change asks for no password", async ({ signedInPage: page, network }) => {
  await page.goto("/dashboard/account");
  const { email, submit } = emailForm(page);
  await email.fill(NEW_EMAIL);
  await submit.click();
  await expect(page.getByText(`Open the link that we sent to ${NEW_EMAIL}.`)).toBeVisible();
  expect(statusesOf(network, "email.requestChange")).toEqual([200]);
  expect(statusesOf(network, "auth.stepUp")).toEqual([]);
});

test("step-up: after an older login the dialog asks for the password, and the interrupted change finishes", async ({
  signedInPage: page,
  context,
  account,
  server,
  network,
}) => {
  await ageLogins(server, account, context);
  await page.goto("/dashboard/account");
  await page.getByLabel("Full name").fill("Typed, not saved");
  const { email, submit } = emailForm(page);
  await email.fill(NEW_EMAIL);
  await email.press("Enter");

  const { dialog, password, confirm } = dialogOf(page);
  await expect(dialog).toBeVisible();
  await expect(dialog).toHaveAccessibleDescription(new RegExp(account.email));
  await expect(password).toBeFocused();
  await password.press("Enter");
  await expect(password).toHaveAccessibleDescription("Enter your password.");
  await password.fill("not the password at all");
  await page.keyboard.press("Tab");
  await page.keyboard.press("Tab");
  await page.keyboard.press("Tab");
  await expect(confirm).toBeFocused();
  await page.keyboard.press("Enter");
  await expect(password).toHaveAccessibleDescription("That is not your current password.");
  await expect(password).toBeFocused();
  await password.fill(account.password);
  await password.press("Enter");

  await expect(page.getByText(`Open the link that we sent to ${NEW_EMAIL}.`)).toBeVisible();
  await expect(dialog).toBeHidden();
  await expect(submit).toBeEnabled();
  await expect(page.getByLabel("Full name")).toHaveValue("Typed, not saved");
  expect(statusesOf(network, "email.requestChange")).toEqual([403, 200]);
  expect(statusesOf(network, "auth.stepUp")).toEqual([403, 200]);

  // The confirmation holds for the next change, also after a refresh.
  await context.clearCookies({ name: /__acc/ });
  await page.getByRole("button", { name: "Send it again" }).click();
  await expect(page.getByText("Sent again.", { exact: false })).toBeVisible();
  expect(statusesOf(network, "email.requestChange")).toEqual([403, 200, 200]);
});

test("step-up: with an authenticator app the dialog asks for its code or a recovery code, and a wrong code ends no session", async ({
  page,
  context,
  account,
  server,
  network,
  totp,
}) => {
  const enrolled = await totp(account);
  await signInWithCode(new Calls(context.request, server.url), account, enrolled);
  await ageLogins(server, account, context);
  await page.goto("/dashboard/account");
  await page.getByRole("button", { name: "Download my data" }).click();

  const { dialog, password, confirm } = dialogOf(page);
  const code = dialog.getByLabel("Code from your authenticator app");
  await expect(code).toBeFocused();
  await expect(password).toHaveCount(0);
  await expectAccessible(page, "step-up with a code");
  await code.fill(enrolled.app.wrongCode());
  await confirm.click();
  await expect(code).toHaveAccessibleDescription(/^That code is not right\./);
  await expect(code).toBeFocused();
  expect(statusesOf(network, "auth.stepUp")).toEqual([401]);

  await dialog.getByRole("button", { name: "Use a recovery code" }).click();
  const recoveryCode = dialog.getByLabel("Recovery code");
  await expect(recoveryCode).toBeFocused();
  await recoveryCode.fill(enrolled.recoveryCodes[0]!);
  await recoveryCode.press("Enter");
  await expect(page.getByText("Downloaded as portcullis-export-", { exact: false })).toBeVisible();
  await expect(dialog).toBeHidden();
  expect(statusesOf(network, "account.export")).toEqual([403, 200]);
});

test("step-up: the last recovery code is replaced by ten new ones, which are shown before the interrupted call goes on", async ({
  page,
  context,
  account,
  server,
  network,
  totp,
}) => {
  const enrolled = await totp(account);
  const calls = new Calls(context.request, server.url);
  await signInWithCode(calls, account, enrolled);
  for (const code of enrolled.recoveryCodes.slice(0, 9)) {
    const response = await calls.mutateWhenAccepted("auth.stepUp", { method: "recovery-code", code });
    expect(response.status, response.text).toBe(200);
  }
  await ageLogins(server, account, context);
  await page.goto("/dashboard/account");
  await page.getByRole("button", { name: "Download my data" }).click();
  const { dialog } = dialogOf(page);
  await dialog.getByRole("button", { name: "Use a recovery code" }).click();
  await dialog.getByLabel("Recovery code").fill(enrolled.recoveryCodes[9]!);
  await page.keyboard.press("Enter");

  const sheet = page.getByRole("dialog", { name: "Save your new recovery codes" });
  await expect(sheet.getByRole("button", { name: "Copy" })).toBeFocused();
  await page.keyboard.press("Escape");
  await expect(sheet.getByRole("listitem")).toHaveCount(10);
  const [first] = await sheet.getByRole("listitem").allTextContents();
  await expectAccessible(page, "step-up, new recovery codes");
  expect(statusesOf(network, "account.export")).toEqual([403]);
  await sheet.getByRole("button", { name: "I have saved them, continue" }).click();
  await expect(page.getByText("Downloaded as portcullis-export-", { exact: false })).toBeVisible();
  await expect(sheet).toBeHidden();
  const response = await calls.mutate("auth.stepUp", { method: "recovery-code", code: first });
  expect(response.status, response.text).toBe(200);
});

test("step-up: the dialog has no accessibility violations and fits a phone", async ({
  signedInPage: page,
  context,
  account,
  server,
}) => {
  await ageLogins(server, account, context);
  await page.goto("/dashboard/account");
  await page.getByRole("button", { name: "Download my data" }).click();
  const { dialog, password, confirm } = dialogOf(page);
  await expect(dialog).toBeVisible();
  await expectAccessible(page, "step-up");
  await password.fill("not the password at all");
  await confirm.click();
  await expect(password).toHaveAttribute("aria-invalid", "true");
  await expectAccessible(page, "step-up, wrong password");
});

test("step-up: the overview still shows when the session was opened", async ({
  signedInPage: page,
  context,
  account,
  server,
}) => {
  await ageLogins(server, account, context);
  const calls = new Calls(context.request, server.url);
  expect((await calls.mutate("auth.stepUp", { method: "password", password: account.password })).status).toBe(200);
  const [session] = (await calls.query("sessions.list")).data;
  await page.goto("/dashboard");
  await expect(page.locator("time").first()).toHaveAttribute("datetime", session!.createdAt);
});

for (const [how, leave] of [
  ["Cancel", (page: Page) => dialogOf(page).cancel.click()],
  ["Escape", (page: Page) => page.keyboard.press("Escape")],
] as const) {
  test(`step-up: ${how} changes nothing, keeps what was typed, and the change can be tried again`, async ({
    signedInPage: page,
    context,
    account,
    server,
    network,
  }) => {
    await ageLogins(server, account, context);
    await page.goto("/dashboard/account");
    const { email, submit } = emailForm(page);
    await email.fill(NEW_EMAIL);
    await submit.focus();
    await page.keyboard.press("Enter");
    const { dialog, password, confirm } = dialogOf(page);
    await expect(dialog).toBeVisible();
    await leave(page);
    await expect(dialog).toBeHidden();
    await expect(page.getByText(NOT_CONFIRMED)).toBeVisible();
    await expect(submit).toBeFocused();
    await expect(email).toHaveValue(NEW_EMAIL);
    expect(statusesOf(network, "email.requestChange")).toEqual([403]);

    await submit.click();
    await password.fill(account.password);
    await confirm.click();
    await expect(page.getByText(`Open the link that we sent to ${NEW_EMAIL}.`)).toBeVisible();
    await expect(page.getByText(NOT_CONFIRMED)).toBeHidden();
  });
}

/** Sends the call that exports the data several times at once, by the client of the page. */
async function exportAtOnce(page: Page, count: number): Promise<unknown[]> {
  return page.evaluate((times) => {
    type Client = { account?: { export: { mutate: () => Promise<unknown> } } };
    type Fiber = { return: Fiber | null; memoizedProps: { client?: Client } | null };
    // React keeps the properties of its components here: those of the provider contain the client.
    const main = document.querySelector("main") as unknown as Record<string, Fiber>;
    let fiber: Fiber | null = main[Object.keys(main).find((key) => key.startsWith("__reactFiber$"))!]!;
    while (fiber !== null && fiber.memoizedProps?.client?.account === undefined) fiber = fiber.return;
    const { client } = fiber!.memoizedProps!;
    return Promise.all(Array.from({ length: times }, () => client!.account!.export.mutate()));
  }, count);
}

test("step-up: of five calls at once with an expired access token, one refreshes, one dialog asks, and each has its effect once", async ({
  signedInPage: page,
  context,
  account,
  server,
  network,
}) => {
  await page.goto("/dashboard/account");
  await expect(page.locator("time")).toBeVisible();
  await ageLogins(server, account, context);
  const seen = network.exchanges.length;
  const results = exportAtOnce(page, 5);
  const { dialog, password, confirm } = dialogOf(page);
  await expect(dialog).toHaveCount(1);
  await expect.poll(() => statusesOf(network, "account.export")).toEqual(Array(5).fill(403));
  await password.fill(account.password);
  await confirm.click();
  expect(await results).toHaveLength(5);
  await expect(dialog).toBeHidden();

  expect(statusesOf(network, "account.export")).toEqual([...Array(5).fill(403), ...Array(5).fill(200)]);
  expect(statusesOf(network, "auth.stepUp")).toEqual([200]);
  expect([...issuedRefreshTokens(network.exchanges.slice(seen))]).toHaveLength(1);
});

test("step-up: a call refused after the user has confirmed for another one is repeated without asking again", async ({
  signedInPage: page,
  context,
  account,
  server,
  network,
}) => {
  await ageLogins(server, account, context);
  await page.goto("/dashboard/account");
  const late = network.holdResponse(/^\/api\/trpc\/account\.export/);
  const downloaded = page.waitForEvent("download");
  await page.getByRole("button", { name: "Download my data" }).click();
  expect((await late.answered).status).toBe(403);

  const { email, submit } = emailForm(page);
  await email.fill(NEW_EMAIL);
  await submit.click();
  const { dialog, password, confirm } = dialogOf(page);
  await password.fill(account.password);
  await confirm.click();
  await expect(page.getByText(`Open the link that we sent to ${NEW_EMAIL}.`)).toBeVisible();
  late.release();
  expect((await downloaded).suggestedFilename()).toMatch(/^portcullis-export-\d{4}-\d\d-\d\d\.json$/);
  await expect(dialog).toBeHidden();
  expect(statusesOf(network, "auth.stepUp")).toEqual([200]);
  expect(statusesOf(network, "account.export")).toEqual([403, 200]);
});

test("step-up: another browser of the same user is not confirmed", async ({
  signedInPage: page,
  context,
  account,
  server,
  signIn,
  openBrowser,
}) => {
  const elsewhere = await signIn(await openBrowser(), account);
  await ageLogins(server, account, context);
  await elsewhere.request.get(`${server.url}/resume`);
  await page.goto("/dashboard/account");
  await page.getByRole("button", { name: "Download my data" }).click();
  const { password, confirm } = dialogOf(page);
  await password.fill(account.password);
  await confirm.click();
  await expect(page.getByText("Downloaded as portcullis-export-", { exact: false })).toBeVisible();

  const refused = await elsewhere.mutate("account.export");
  expect([refused.status, refused.error?.reason, refused.error?.methods]).toEqual([
    403,
    "STEP_UP_REQUIRED",
    ["password"],
  ]);
  const confirmed = await elsewhere.mutate("auth.stepUp", { method: "password", password: account.password });
  expect(confirmed.setCookies.map(({ name }) => name)).toEqual(["__acc"]);
  expect((await elsewhere.mutate("account.export")).status).toBe(200);
});

test("export: the downloaded file has what is stored about the user, and no secret", async ({
  signedInPage: page,
  account,
}) => {
  await page.goto("/dashboard/account");
  const downloaded = page.waitForEvent("download");
  await page.getByRole("button", { name: "Download my data" }).click();
  const text = await readFile(await (await downloaded).path(), "utf8");
  const { account: stored, data } = JSON.parse(text);
  expect(stored).toMatchObject({ id: account.id, email: account.email, fullName: account.fullName });
  expect(data.sessions).toHaveLength(2);
  expect(text).not.toMatch(/argon2|nonce|salt/i);
});

test("deletion: needs the typed email and the password, signs out everywhere and says when the data is erased", async ({
  signedInPage: page,
  context,
  account,
  server,
  openTab,
  newCalls,
}) => {
  const other = await openTab("/dashboard");
  await ageLogins(server, account, context);
  await page.goto("/dashboard/account");
  await page.getByRole("button", { name: "Delete account" }).click();
  const deletion = page.getByRole("dialog", { name: "Delete your account?" });
  const email = deletion.getByLabel("Email of your account");
  const submit = deletion.getByRole("button", { name: "Delete account" });
  await expect(email).toBeFocused();
  await email.fill("someone.else@example.test");
  await submit.click();
  const { dialog, password, confirm, cancel } = dialogOf(page);
  await cancel.click();
  await expect(deletion.getByRole("alert")).toHaveText(NOT_CONFIRMED);
  await submit.click();
  await password.fill(account.password);
  await confirm.click();
  await expect(dialog).toBeHidden();
  await expect(email).toHaveAccessibleDescription("That is not the email address of this account.");
  await expect(email).toBeFocused();

  await email.fill(` ${account.email.toUpperCase()}`);
  await submit.click();
  await expect(page.getByRole("heading", { level: 1, name: "Your account is closed" })).toBeVisible();
  const year = new Date(Date.now() + 14 * 86_400_000).getFullYear();
  await expect(page.getByRole("main").locator("time")).toContainText(String(year));
  await expect(other.getByRole("heading", { name: "Sign in" })).toBeVisible();
  const login = await (await newCalls()).mutate("auth.login", { email: account.email, password: account.password });
  expect(login.error?.reason).toBe("INVALID_CREDENTIALS");
});

test("deletion: the page that says so is not shown to a signed-in user, and shows no date but a valid one", async ({
  signedInPage: page,
  context,
  baseURL,
}) => {
  await page.goto("/account-deleted");
  await expect(page).toHaveURL(`${baseURL}/dashboard`);
  // A call of the overview that is refused without cookies would lead to the login page.
  await page.goto("about:blank");
  await context.clearCookies();
  await page.goto("/account-deleted?at=tomorrow");
  await expect(page.getByText("Everything about you will be erased.", { exact: false })).toBeVisible();
});

test("step-up: signing out in another tab closes the dialog, and nothing is done", async ({
  signedInPage: page,
  context,
  account,
  server,
  network,
  openTab,
}) => {
  await ageLogins(server, account, context);
  await page.goto("/dashboard/account");
  await page.getByRole("button", { name: "Download my data" }).click();
  await expect(dialogOf(page).dialog).toBeVisible();
  const other = await openTab("/dashboard");
  // Recorded by the page itself: while it loads the login form, which may take long, the test cannot look at it.
  await page.evaluate(() => {
    const dialog = document.querySelector("dialog");
    const record = () => !dialog?.isConnected && sessionStorage.setItem("closed-on", location.pathname);
    new MutationObserver(record).observe(document.body, { childList: true, subtree: true });
  });
  await other.getByRole("button", { name: "Sign out" }).click();
  await expect(page.getByRole("heading", { name: "Sign in" })).toBeVisible();
  expect(await page.evaluate(() => sessionStorage.getItem("closed-on"))).toBe("/dashboard/account");
  expect(statusesOf(network, "account.export")).toEqual([403]);
});

test("step-up: after another user signs in in another tab, the dialog is closed and the page is theirs", async ({
  signedInPage: page,
  context,
  account,
  server,
  network,
  openTab,
  newAccount,
}) => {
  const bea = await newAccount({ fullName: "Bea Bastion" });
  await ageLogins(server, account, context);
  await page.goto("/dashboard/account");
  await page.getByRole("button", { name: "Download my data" }).click();
  await expect(dialogOf(page).dialog).toBeVisible();
  // Without a logout, which would close the dialog by itself.
  await context.clearCookies();
  const form = loginForm(await openTab("/login"));
  await form.fill(bea);
  await form.submit.click();
  await expect(page.getByLabel("Full name")).toHaveValue("Bea Bastion");
  await expect(dialogOf(page).dialog).toBeHidden();
  expect(statusesOf(network, "account.export")).toEqual([403]);
});

test("step-up: if the session has ended meanwhile, the password leads to the login form and back to the page", async ({
  signedInPage: page,
  context,
  account,
  server,
  signIn,
  openBrowser,
  baseURL,
}) => {
  await ageLogins(server, account, context);
  await page.goto("/dashboard/account");
  await page.getByRole("button", { name: "Download my data" }).click();
  const { password, confirm } = dialogOf(page);
  await expect(password).toBeFocused();
  const elsewhere = await signIn(await openBrowser(), account);
  await elsewhere.mutate("sessions.revokeOthers");
  await password.fill(account.password);
  await confirm.click();
  await expect(page).toHaveURL(`${baseURL}/login?next=%2Fdashboard%2Faccount`);
});

test("step-up: too many wrong passwords say how long to wait, in the dialog", async ({
  signedInPage: page,
  context,
  account,
  server,
  newCalls,
}) => {
  const guesses = await newCalls();
  await guesses.signIn(account);
  for (let count = 0; count < 10; count++) {
    expect((await guesses.mutate("auth.stepUp", { method: "password", password: "wrong" })).status).toBe(403);
  }
  await ageLogins(server, account, context);
  await page.goto("/dashboard/account");
  await page.getByRole("button", { name: "Download my data" }).click();
  const { dialog, password, confirm } = dialogOf(page);
  await password.fill(account.password);
  await confirm.click();
  await expect(dialog.getByRole("alert")).toContainText("Too many wrong passwords were tried for this account.");
  await expect(dialog).toBeVisible();
});
