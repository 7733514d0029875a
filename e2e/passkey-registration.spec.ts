import type { Page } from "@playwright/test";
import { expect, test } from "@/e2e/kit";
import { expectAccessible } from "@/e2e/kit/accessibility";
import { generateAccount, registerAccount, type NewAccount } from "@/e2e/kit/accounts";
import { sessionCookies } from "@/e2e/kit/cookies";
import { loginForm, registerForm } from "@/e2e/kit/forms";

const NOT_CREATED =
  "No passkey was created: you cancelled, the time ran out, or this device could not confirm that it is you. Try again.";

/** The registration form and what follows it. */
function registration(page: Page) {
  return {
    ...registerForm(page),
    byPasskey: page.getByRole("button", { name: "Create the account with a passkey" }),
    codes: page.getByRole("list", { name: "Recovery codes" }).getByRole("listitem"),
    saved: page.getByRole("button", { name: "I have saved them, continue" }),
    alert: page.getByRole("main").getByRole("alert").filter({ hasText: /./ }),
    async fillPerson({ fullName, email }: NewAccount) {
      await this.fullName.fill(fullName);
      await this.email.fill(email);
    },
  };
}

/** Opens the registration page and fills in who the person is. */
async function openRegistration(page: Page, person: NewAccount, path = "/register") {
  await page.goto(path);
  const form = registration(page);
  await form.fillPerson(person);
  return form;
}

async function signOut(page: Page): Promise<void> {
  await page.getByRole("button", { name: "Sign out", exact: true }).click();
  await expect(loginForm(page).submit).toBeEnabled();
}

test("registration by passkey: shows the recovery codes, leads to the page that was asked for, and the passkey signs in again", async ({
  page,
  authenticator,
  baseURL,
}) => {
  const person = generateAccount({ fullName: "Grace Moat" });
  const form = await openRegistration(page, person, "/register?next=/dashboard/security");
  // By the keyboard alone: the way is the next control after the button of the form.
  await form.submit.focus();
  await page.keyboard.press("Tab");
  await expect(form.byPasskey).toBeFocused();
  await page.keyboard.press("Enter");

  await expect(form.codes).toHaveCount(10);
  await expect(page.getByRole("heading", { level: 1, name: "Save your recovery codes" })).toBeFocused();
  await expectAccessible(page, "registration by passkey, recovery codes");
  expect((await sessionCookies(page.context())).refresh).not.toBeNull();
  const [stored] = await authenticator.passkeys();
  expect(stored).toMatchObject({
    ...{ rpId: "localhost", isResidentCredential: true, userName: person.email, userDisplayName: person.fullName },
  });
  await form.saved.click();
  await expect(page).toHaveURL(`${baseURL}/dashboard/security`);
  await expect(page.getByText("You have no password.")).toBeVisible();
  await expect(page.getByText("10 of 10")).toBeVisible();
  await expectAccessible(page, "security page of an account without a password");

  await authenticator.confirmRequests(false);
  await signOut(page);
  await authenticator.waitForRequest();
  await authenticator.confirmRequests(true);
  await page.getByRole("button", { name: "Sign in with a passkey" }).click();
  await expect(page.getByRole("heading", { level: 1 })).toHaveText(`Hello, ${person.fullName}`);
});

test("registration by passkey: a ceremony that is not confirmed creates nothing and keeps what was typed", async ({
  page,
  authenticator,
}) => {
  const person = generateAccount();
  const form = await openRegistration(page, person);
  await form.password.fill(person.password);
  await form.remember.uncheck();
  await authenticator.verifyUser(false);
  await form.byPasskey.click();
  await expect(form.alert).toHaveText(NOT_CREATED);
  await expect(form.fullName).toHaveValue(person.fullName);
  await expect(form.email).toHaveValue(person.email);
  await expect(form.password).toHaveValue(person.password);
  await expect(form.remember).not.toBeChecked();
  await expectAccessible(page, "registration by passkey, not confirmed");
  expect(await sessionCookies(page.context())).toEqual({ access: null, refresh: null });

  // The address is free: nothing was stored.
  await authenticator.verifyUser(true);
  await form.byPasskey.click();
  await expect(form.codes).toHaveCount(10);
});

test("registration by passkey: after a ceremony that is not confirmed the same form registers with the password", async ({
  page,
  authenticator,
}) => {
  const person = generateAccount();
  const form = await openRegistration(page, person);
  await form.password.fill(person.password);
  await authenticator.verifyUser(false);
  await form.byPasskey.click();
  await expect(form.alert).toHaveText(NOT_CREATED);
  await form.submit.click();
  await expect(page).toHaveURL(/\/dashboard$/);
  expect(await authenticator.passkeys()).toEqual([]);
});

test("registration by passkey: an empty form shows errors at name and email, and none at the password", async ({
  page,
  authenticator,
}) => {
  await page.goto("/register");
  const form = registration(page);
  await form.byPasskey.click();
  await expect(form.fullName).toHaveAccessibleDescription("Enter your name.");
  await expect(form.email).toHaveAccessibleDescription("Enter your email.");
  await expect(form.fullName).toBeFocused();
  await expect(form.password).not.toHaveAttribute("aria-invalid");
  expect(await authenticator.passkeys()).toEqual([]);
});

test("registration by passkey: a taken email is refused at its field before a passkey is created", async ({
  page,
  authenticator,
  account,
}) => {
  const taken = generateAccount({ fullName: "Second Comer", email: account.email.toUpperCase() });
  const form = await openRegistration(page, taken);
  await form.byPasskey.click();
  await expect(form.email).toHaveAccessibleDescription("An account with this email already exists.");
  await expect(form.email).toBeFocused();
  await expect(form.fullName).toHaveValue(taken.fullName);
  expect(await authenticator.passkeys()).toEqual([]);
});

test("registration by passkey: if the email is taken during the ceremony, the browser forgets the passkey", async ({
  page,
  authenticator,
  network,
  calls,
}) => {
  const person = generateAccount();
  const form = await openRegistration(page, person);
  const held = network.holdResponse("/api/trpc/auth.beginPasskeyRegistration");
  await form.byPasskey.click();
  expect((await held.answered).status).toBe(200);
  await registerAccount(calls, { email: person.email });
  held.release();
  await expect(form.email).toHaveAccessibleDescription("An account with this email already exists.");
  await expect.poll(() => authenticator.passkeys()).toEqual([]);
});

test("registration by passkey: a passkey whose request did not arrive is sent again, and no second one is created", async ({
  page,
  authenticator,
}) => {
  const form = await openRegistration(page, generateAccount());
  await page.route("**/api/trpc/auth.finishPasskeyRegistration*", (route) => route.abort("connectionreset"), {
    times: 1,
  });
  await form.byPasskey.click();
  await expect(form.alert).toContainText("We could not reach the server.");
  const made = await authenticator.passkeys();
  expect(made).toHaveLength(1);
  await form.byPasskey.click();
  await expect(form.codes).toHaveCount(10);
  expect(await authenticator.passkeys()).toEqual(made);
});

test("registration by passkey: a browser without passkeys is not offered one, and registers with a password", async ({
  page,
}) => {
  await page.addInitScript(() => Reflect.deleteProperty(window, "PublicKeyCredential"));
  const person = generateAccount();
  const form = await openRegistration(page, person);
  await expect(form.submit).toBeEnabled();
  await expect(form.byPasskey).toHaveCount(0);
  await form.password.fill(person.password);
  await form.submit.click();
  await expect(page).toHaveURL(/\/dashboard$/);
});

test("registration by passkey: the account gets a first password on the security page, and then both are asked for", async ({
  page,
  authenticator,
}) => {
  const person = generateAccount();
  const form = await openRegistration(page, person, "/register?next=/dashboard/security");
  await form.byPasskey.click();
  await form.saved.click();
  await expect(page.getByText("You have no password.")).toBeVisible();
  await expect(page.getByLabel("Current password")).toHaveCount(0);
  await page.getByLabel("New password", { exact: true }).fill(person.password);
  await page.getByRole("button", { name: "Set a password" }).click();
  await expect(page.getByText("Your password is set.", { exact: false })).toBeVisible();
  await expect(page.getByLabel("Current password", { exact: true })).toBeVisible();

  await authenticator.confirmRequests(false);
  await signOut(page);
  const login = loginForm(page);
  await login.fill(person);
  await login.submit.click();
  await expect(page).toHaveURL(/\/second-factor/);
  await authenticator.confirmRequests(true);
  await page.getByRole("button", { name: "Use a passkey" }).click();
  await expect(page.getByRole("heading", { level: 1 })).toHaveText(`Hello, ${person.fullName}`);
});
