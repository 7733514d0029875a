import { gzipSync } from "node:zlib";
import type { Page } from "@playwright/test";
import { connect } from "@/db/connect";
import { expect, testOnDedicatedServer as test } from "@/e2e/kit";
import { expectAccessible } from "@/e2e/kit/accessibility";
import { addPasskey, Authenticator } from "@/e2e/kit/authenticator";
import { Calls } from "@/e2e/kit/calls";
import type { DedicatedServer } from "@/e2e/kit/dedicated-server";
import { loginForm } from "@/e2e/kit/forms";
import { ageLogins } from "@/e2e/kit/logins";
import type { Network } from "@/e2e/kit/network";
import { signInWithCode } from "@/e2e/kit/totp";

test.use({ variables: { RATE_LIMIT_FACTOR: "1000" } });

const REFUSED = "That passkey does not work here.";
const NOT_USED = "No passkey was used: you cancelled, the time ran out, or this device has no passkey for this site.";

function loginButton(page: Page) {
  return page.getByRole("button", { name: "Sign in with a passkey" });
}

/** Resolves when the login page has asked the browser to suggest passkeys: confirmed earlier, the suggestion would sign in. */
async function openLogin(page: Page, authenticator: Authenticator, path = "/login"): Promise<void> {
  await page.goto(path);
  await authenticator.waitForRequest();
}

/** How many requests for a passkey login were begun. */
function beginnings({ exchanges }: Network): number {
  return exchanges.filter(({ path, status }) => path.startsWith("/api/trpc/auth.beginPasskeyLogin") && status === 200)
    .length;
}

function mainAlert(page: Page) {
  return page.getByRole("main").getByRole("alert").filter({ hasText: /./ });
}

async function withDatabase<Result>(
  server: DedicatedServer,
  use: (db: ReturnType<typeof connect>) => Promise<Result>,
): Promise<Result> {
  const db = connect(server.database.url);
  try {
    return await use(db);
  } finally {
    await db.destroy();
  }
}

test("passkeys: one is added on the security page, gets a name, and signs in by the button of the login page", async ({
  signedInPage: page,
  account,
  authenticator,
  network,
}) => {
  await page.goto("/dashboard/security");
  await expect(page.getByText("You have no passkey yet.", { exact: false })).toBeVisible();
  await page.getByRole("button", { name: "Add a passkey" }).click();
  await expect(page.getByRole("list", { name: "Recovery codes" }).getByRole("listitem")).toHaveCount(10);
  await page.getByRole("button", { name: "I have saved them" }).click();
  const name = page.getByLabel("Name of the passkey");
  await name.fill(" ");
  await name.press("Enter");
  await expect(name).toHaveAttribute("aria-invalid", "true");
  await name.fill("Blue laptop");
  await name.press("Enter");
  const row = page.getByRole("list", { name: "Passkeys" }).getByRole("listitem");
  await expect(row.getByRole("heading", { name: "Blue laptop" })).toBeVisible();
  await expect(row).toContainText("On one device only");
  await expect(row).toContainText("Never");
  const [stored] = await authenticator.passkeys();
  expect(stored).toMatchObject({ rpId: "localhost", isResidentCredential: true, userName: account.email });

  await authenticator.confirmRequests(false);
  await page.getByRole("button", { name: "Sign out", exact: true }).click();
  await expect(loginForm(page).email).toHaveAttribute("autocomplete", "username webauthn");
  await authenticator.waitForRequest();
  await authenticator.confirmRequests(true);
  await loginButton(page).click();
  await expect(page).toHaveURL(/\/dashboard$/);
  await page.goto("/dashboard/security");
  await expect(row).toContainText("just now");
  expect(network.exchanges.filter(({ path }) => path.startsWith("/api/trpc/auth.secondFactor"))).toEqual([]);
});

test("passkeys: a suggestion in the email field signs in and leads to the page that was asked for", async ({
  page,
  passkey,
  baseURL,
}) => {
  await passkey.confirmRequests(true);
  await page.goto("/dashboard/account#export");
  await expect(page).toHaveURL(`${baseURL}/dashboard/account#export`);
  await expect(page.getByLabel("Full name")).toHaveValue("Ada Moat");
});

test("passkeys: suggestions stop when the password is sent, and start again when it was wrong", async ({
  page,
  passkey,
  account,
  network,
}) => {
  await openLogin(page, passkey);
  const form = loginForm(page);
  await form.fill({ email: account.email, password: "not the password" });
  await form.submit.click();
  await expect(form.problem).toContainText("incorrect");
  await expect.poll(() => beginnings(network)).toBe(2);
  await passkey.waitForRequest();
  await passkey.confirmRequests(true);
  await loginButton(page).click();
  await expect(page).toHaveURL(/\/dashboard$/);
});

test("passkeys: suggestions are renewed before their challenge expires, and only while the page has the focus", async ({
  page,
  passkey,
  network,
}) => {
  await page.clock.install();
  await openLogin(page, passkey);
  await page.clock.fastForward(3 * 60_000);
  await page.clock.runFor(10_000);
  expect(beginnings(network)).toBe(1);
  await page.evaluate(() => (document.hasFocus = () => false));
  await page.clock.fastForward(2 * 60_000);
  await page.clock.runFor(10_000);
  expect(beginnings(network)).toBe(1);
  await passkey.confirmRequests(true);
  await page.evaluate(() => {
    document.hasFocus = () => true;
    dispatchEvent(new Event("focus"));
  });
  await expect(page).toHaveURL(/\/dashboard$/);
  expect(beginnings(network)).toBe(2);
});

test("passkeys: one is the second step after the password, and leads to the page that was asked for", async ({
  page,
  passkey,
  account,
  baseURL,
}) => {
  await openLogin(page, passkey, "/login?next=/dashboard/sessions");
  const form = loginForm(page);
  await form.fill(account);
  await form.submit.click();
  await expect(page).toHaveURL(/\/second-factor\?/);
  await passkey.confirmRequests(true);
  await page.getByRole("button", { name: "Use a passkey" }).click();
  await expect(page).toHaveURL(`${baseURL}/dashboard/sessions`);
});

test("passkeys: one confirms who the user is, and the interrupted export finishes", async ({
  page,
  passkey,
  account,
  server,
  context,
}) => {
  await openLogin(page, passkey, "/login?next=/dashboard/account");
  await passkey.confirmRequests(true);
  await loginButton(page).click();
  await expect(page.getByLabel("Full name")).toBeVisible();
  await ageLogins(server, account, context);
  await page.reload();
  const downloaded = page.waitForEvent("download");
  await page.getByRole("button", { name: "Download my data" }).click();
  const dialog = page.getByRole("dialog", { name: "Confirm that it is you" });
  await passkey.verifyUser(false);
  await dialog.getByRole("button", { name: "Use a passkey" }).click();
  await expect(dialog.getByRole("alert").filter({ hasText: /./ })).toContainText(NOT_USED);
  await expectAccessible(page, "step-up dialog, passkey not used");
  await passkey.verifyUser(true);
  await passkey.setFault({ isBogusSignature: true });
  await dialog.getByRole("button", { name: "Use a passkey" }).click();
  await expect(dialog.getByRole("alert").filter({ hasText: /./ })).toContainText(REFUSED);
  await passkey.setFault({});
  await dialog.getByRole("button", { name: "Use a passkey" }).click();
  expect((await downloaded).suggestedFilename()).toMatch(/^portcullis-export-/);
  await expect(dialog).toBeHidden();
});

test("passkeys: an account without an app is asked for one alone after the password and to confirm a change", async ({
  page,
  passkey,
  account,
  server,
  context,
}) => {
  await openLogin(page, passkey, "/login?next=/dashboard/security");
  const form = loginForm(page);
  await form.fill(account);
  await form.submit.click();
  await expect(page.getByRole("button", { name: "Use a recovery code" })).toBeVisible();
  await expect(page.getByRole("textbox")).toHaveCount(0);
  await expectAccessible(page, "second step, passkey alone");
  await passkey.confirmRequests(true);
  await page.getByRole("button", { name: "Use a passkey" }).click();
  await expect(page.getByRole("list", { name: "Passkeys" })).toBeVisible();

  await ageLogins(server, account, context);
  await page.reload();
  await page.getByRole("button", { name: "Set up authenticator app" }).click();
  const dialog = page.getByRole("dialog", { name: "Confirm that it is you" });
  await expect(dialog.getByRole("button", { name: "Use a recovery code" })).toBeVisible();
  await expect(dialog.getByRole("textbox")).toHaveCount(0);
  await expectAccessible(page, "step-up dialog, passkey alone");
  await dialog.getByRole("button", { name: "Use a passkey" }).click();
  await expect(page.getByRole("img", { name: "QR code" })).toBeVisible();
  await expect(dialog).toBeHidden();
});

test("passkeys: beside an app the step-up dialog names both, starts at the code, and takes the passkey", async ({
  page,
  authenticator,
  account,
  totp,
  server,
  context,
}) => {
  await signInWithCode(new Calls(context.request, server.url), account, await totp(account));
  await addPasskey(page);
  await ageLogins(server, account, context);
  await page.reload();
  await page.getByRole("button", { name: "Add a passkey" }).click();
  const dialog = page.getByRole("dialog", { name: "Confirm that it is you" });
  await expect(dialog.getByLabel("Code from your authenticator app")).toBeFocused();
  await expect(dialog).toHaveAccessibleDescription(/^To go on, use a passkey, or enter the code that your/);
  await dialog.getByRole("button", { name: "Use a passkey" }).click();
  await expect(dialog).toBeHidden();
  await expect(mainAlert(page)).toContainText("already has a passkey for your account");
  expect(await authenticator.passkeys()).toHaveLength(1);
});

test("passkeys: one is renamed in its row, and removed after a confirmation", async ({
  signedInPage: page,
  authenticator,
}) => {
  await addPasskey(page, "Old name");
  await page.getByRole("button", { name: "Rename Old name" }).click();
  const name = page.getByLabel("Name of the passkey");
  await expect(name).toBeFocused();
  await name.press("Escape");
  await page.getByRole("button", { name: "Rename Old name" }).click();
  await name.fill("New name");
  await page.getByRole("button", { name: "Save name" }).click();
  await expect(page.getByText("The name was saved.")).toBeVisible();
  await page.reload();
  await page.getByRole("button", { name: "Remove New name" }).click();
  const dialog = page.getByRole("alertdialog", { name: "Remove New name?" });
  await dialog.getByRole("button", { name: "Remove passkey" }).click();
  await expect(page.getByText("New name was removed.")).toBeVisible();
  await expect(page.getByText("You have no passkey yet.", { exact: false })).toBeVisible();
  // The browser was told which passkeys are left.
  await expect.poll(() => authenticator.passkeys()).toEqual([]);
});

test("passkeys: the last way into an account is kept, and the dialog says so", async ({
  signedInPage: page,
  account,
  authenticator,
  server,
}) => {
  await addPasskey(page, "The only one");
  await withDatabase(server, (db) =>
    db.updateTable("users").set({ passwordHash: "" }).where("id", "=", account.id).execute(),
  );
  await page.getByRole("button", { name: "Remove The only one" }).click();
  const dialog = page.getByRole("alertdialog");
  await dialog.getByRole("button", { name: "Remove passkey" }).click();
  await expect(dialog.getByRole("alert")).toHaveText("This is the last way into your account. Add another one first.");
  expect(await authenticator.passkeys()).toHaveLength(1);
});

test("passkeys: without the right fingerprint none is used or created, and the page says what happened", async ({
  page,
  passkey,
}) => {
  // Without suggestions: they would start again after the failure, and use the passkey before the button.
  await page.addInitScript(() => (PublicKeyCredential.isConditionalMediationAvailable = async () => false));
  await page.goto("/login");
  await passkey.confirmRequests(true);
  await passkey.verifyUser(false);
  await loginButton(page).click();
  await expect(mainAlert(page)).toHaveText(`${NOT_USED} Try again, or use another way.`);
  await expect(loginButton(page)).toBeEnabled();
  await passkey.verifyUser(true);
  await loginButton(page).click();
  await expect(page).toHaveURL(/\/dashboard$/);

  await page.goto("/dashboard/security");
  await passkey.verifyUser(false);
  await page.getByRole("button", { name: "Add a passkey" }).click();
  await expect(mainAlert(page)).toContainText("No passkey was created: you cancelled, the time ran out");
});

for (const [fault, bits] of [
  ["a wrong signature", { isBogusSignature: true }],
  ["no verified user", { isBadUV: true }],
  ["no present user", { isBadUP: true }],
] as const) {
  test(`passkeys: a response with ${fault} does not sign in`, async ({ page, passkey, context }) => {
    await openLogin(page, passkey);
    await passkey.setFault(bits);
    await passkey.confirmRequests(true);
    await loginButton(page).click();
    await expect(mainAlert(page)).toHaveText(REFUSED);
    expect((await context.cookies()).filter(({ name }) => name.startsWith("__"))).toEqual([]);
  });
}

test("passkeys: a counter that has gone back is accepted, and the stored one follows it", async ({
  page,
  passkey,
  account,
  server,
}) => {
  await openLogin(page, passkey);
  await passkey.confirmRequests(true);
  await loginButton(page).click();
  await expect(page).toHaveURL(/\/dashboard$/);
  const [stored] = await passkey.passkeys();
  expect(stored!.signCount).toBeGreaterThan(1);
  await passkey.replace({ ...stored!, signCount: 0 });
  await passkey.confirmRequests(false);
  await page.getByRole("button", { name: "Sign out", exact: true }).click();
  await passkey.waitForRequest();
  await passkey.confirmRequests(true);
  await loginButton(page).click();
  await expect(page).toHaveURL(/\/dashboard$/);
  const counters = await withDatabase(server, (db) =>
    db.selectFrom("passkeys").select("signatureCounter").where("userId", "=", account.id).execute(),
  );
  expect(counters).toEqual([{ signatureCounter: 1 }]);
});

test("passkeys: one that a password manager has backed up is shown as synced after its next use", async ({
  page,
  passkey,
}) => {
  const [stored] = await passkey.passkeys();
  await passkey.replace({ ...stored!, backupEligibility: true, backupState: true });
  await openLogin(page, passkey, "/login?next=/dashboard/security");
  await passkey.confirmRequests(true);
  await loginButton(page).click();
  await expect(page.getByRole("list", { name: "Passkeys" })).toContainText("Synced by your password manager");
});

test("passkeys: one that was removed from the account is named as such, and the browser stops offering it", async ({
  page,
  passkey,
  account,
  server,
}) => {
  await withDatabase(server, (db) => db.deleteFrom("passkeys").where("userId", "=", account.id).execute());
  await openLogin(page, passkey);
  await passkey.confirmRequests(true);
  await loginButton(page).click();
  await expect(mainAlert(page)).toContainText("This passkey was removed from its account.");
  await expect.poll(() => passkey.passkeys()).toEqual([]);
});

test("passkeys: one with a wrong signature is not reported to the browser as unknown", async ({ page, passkey }) => {
  await openLogin(page, passkey);
  await passkey.setFault({ isBogusSignature: true });
  await passkey.confirmRequests(true);
  await loginButton(page).click();
  await expect(mainAlert(page)).toHaveText(REFUSED);
  expect(await passkey.passkeys()).toHaveLength(1);
});

test("passkeys: a device that already has one of the account gets no second", async ({
  signedInPage: page,
  authenticator,
}) => {
  await addPasskey(page);
  await page.getByRole("button", { name: "Add a passkey" }).click();
  await expect(mainAlert(page)).toHaveText(
    "This device or password manager already has a passkey for your account. You can use it to sign in.",
  );
  expect(await authenticator.passkeys()).toHaveLength(1);
});

test("passkeys: a security key that cannot keep a passkey is refused, and the page says what to do", async ({
  signedInPage: page,
}) => {
  const authenticator = await Authenticator.attach(page, { hasResidentKey: false });
  await page.goto("/dashboard/security");
  await page.getByRole("button", { name: "Add a passkey" }).click();
  await expect(mainAlert(page)).toContainText("No passkey was created");
  expect(await authenticator.passkeys()).toEqual([]);
});

test("passkeys: two tabs sign in at once with challenges of their own, and a third follows them", async ({
  page,
  passkey,
  context,
  network,
}) => {
  const [stored] = await passkey.passkeys();
  const other = await context.newPage();
  const third = await context.newPage();
  const elsewhere = await Authenticator.attach(other);
  await elsewhere.add(stored!);
  await elsewhere.confirmRequests(false);
  await openLogin(page, passkey);
  await openLogin(other, elsewhere);
  await third.goto("/login");
  await passkey.confirmRequests(true);
  await elsewhere.confirmRequests(true);
  // A tab that has signed in takes the others along, so both responses are held until both tabs are in the middle of it.
  const held = [1, 2].map(() => network.holdResponse("/api/trpc/auth.finishPasskeyLogin"));
  await Promise.all([loginButton(page).click(), loginButton(other).click()]);
  for (const { answered } of held) expect((await answered).status).toBe(200);
  for (const { release } of held) release();
  for (const tab of [page, other, third]) await expect(tab).toHaveURL(/\/dashboard$/);
});

test("passkeys: a browser without them has no button and no request, and signs in by password", async ({
  page,
  account,
  network,
}) => {
  await page.addInitScript(() => Reflect.deleteProperty(window, "PublicKeyCredential"));
  await page.goto("/login");
  const form = loginForm(page);
  await expect(form.submit).toBeEnabled();
  await expect(loginButton(page)).toHaveCount(0);
  await form.fill(account);
  await form.submit.click();
  await expect(page).toHaveURL(/\/dashboard$/);
  expect(beginnings(network)).toBe(0);
  await page.goto("/dashboard/security");
  await expect(page.getByText("This browser cannot create passkeys.")).toBeVisible();
});

test("passkeys: a browser without them asks an account that has one for a recovery code, and says why", async ({
  page,
  passkey,
  account,
}) => {
  await page.addInitScript(() => Reflect.deleteProperty(window, "PublicKeyCredential"));
  await page.goto("/login");
  const form = loginForm(page);
  await form.fill(account);
  await form.submit.click();
  await expect(page.getByText("This browser cannot use passkeys.")).toBeVisible();
  await expect(page.getByLabel("Recovery code")).toBeVisible();
  expect(await passkey.passkeys()).toHaveLength(1);
});

test("passkeys: a device that can keep one is offered it on the overview, until the offer is dismissed", async ({
  signedInPage: page,
  authenticator,
  openTab,
  network,
}) => {
  await page.goto("/dashboard");
  const offer = page.getByRole("region", { name: "Passkeys" });
  await expect(offer).toBeVisible();
  await expectAccessible(page, "overview with the offer of a passkey");
  await offer.getByRole("button", { name: "Not now" }).click();
  await expect(offer).toBeHidden();
  const asked = network.exchanges.length;
  await page.reload();
  await expect(page.getByText("Only this device", { exact: false })).toBeVisible();
  await expect(offer).toBeHidden();
  expect(network.exchanges.slice(asked).filter(({ path }) => path.includes("factors.list"))).toEqual([]);
  expect(await authenticator.passkeys()).toEqual([]);
  await (await openTab("/dashboard")).close();
});

test("passkeys: an account that has one, or a device that cannot keep one, gets no offer", async ({
  signedInPage: page,
  openTab,
}) => {
  const offer = page.getByRole("region", { name: "Passkeys" });
  await page.goto("/dashboard");
  await expect(page.getByText("Only this device", { exact: false })).toBeVisible();
  await expect(offer).toBeHidden();
  await Authenticator.attach(page);
  await addPasskey(page);
  await page.goto("/dashboard");
  await expect(page.getByText("Only this device", { exact: false })).toBeVisible();
  await expect(offer).toBeHidden();
  await (await openTab("/dashboard")).close();
});

test("passkeys: the library is loaded by the first request for a passkey, is small, and is in no other page", async ({
  signedInPage: page,
  authenticator,
  context,
}) => {
  const scripts = new Map<string, string>();
  context.on("response", async (response) => {
    if (response.url().endsWith(".js")) scripts.set(response.url(), await response.text().catch(() => ""));
  });
  const loaded = () => [...scripts.values()].filter((text) => text.includes("Cancelling existing WebAuthn API call"));
  for (const path of ["/dashboard", "/dashboard/account", "/dashboard/sessions", "/dashboard/security"]) {
    await page.goto(path, { waitUntil: "networkidle" });
  }
  expect(loaded()).toEqual([]);
  await page.getByRole("button", { name: "Add a passkey" }).click();
  await expect(page.getByRole("button", { name: "I have saved them" })).toBeVisible();
  expect(loaded()).toHaveLength(1);
  expect(gzipSync(loaded()[0]!).length).toBeLessThan(4096);
  expect(await authenticator.passkeys()).toHaveLength(1);
});

test("accessibility: the parts of the security page about passkeys have no violations", async ({
  signedInPage: page,
  authenticator,
}) => {
  await page.goto("/dashboard/security");
  await page.getByRole("button", { name: "Add a passkey" }).click();
  await expect(page.getByRole("button", { name: "I have saved them" })).toBeVisible();
  await expectAccessible(page, "passkeys, recovery codes");
  await page.getByRole("button", { name: "I have saved them" }).click();
  await expect(page.getByLabel("Name of the passkey")).toBeFocused();
  await expectAccessible(page, "passkeys, naming");
  await page.getByLabel("Name of the passkey").fill("A passkey with a rather long name that has to wrap somewhere");
  await page.getByRole("button", { name: "Save name" }).click();
  await expect(page.getByText("The name was saved.")).toBeVisible();
  await expectAccessible(page, "passkeys, list");
  await page.getByRole("button", { name: "Remove A passkey" }).click();
  await expect(page.getByRole("alertdialog")).toBeVisible();
  await expectAccessible(page, "passkeys, removal");
  expect(await authenticator.passkeys()).toHaveLength(1);
});
