import { expect, testOnDedicatedServer as test } from "@/e2e/kit";
import { generateAccount } from "@/e2e/kit/accounts";
import { sessionCookies, waitForAccessExpiry } from "@/e2e/kit/cookies";
import { documentLoads, loginNavigations } from "./kit/http-exchange";
import { registerForm } from "@/e2e/kit/forms";

test("main journey: a user registers, continues after the access token expires, sees the device and signs out everywhere", async ({
  page,
  context,
  network,
}) => {
  const person = generateAccount({ fullName: "Maud Drawbridge" });

  await test.step("registers", async () => {
    await page.goto("/");
    await page.getByRole("link", { name: "Create an account" }).click();
    const form = registerForm(page);
    await form.fill(person);
    // On a busy machine a first response may exceed the time limit of a request, here 3 s. A registration can be repeated.
    await expect(async () => {
      if (await form.submit.isVisible()) await form.submit.click();
      await expect(page).toHaveURL(/\/dashboard$/, { timeout: 10_000 });
    }).toPass();
    await expect(page.getByRole("heading", { level: 1 })).toHaveText(`Hello, ${person.fullName}`);
  });

  const atFirst = await sessionCookies(context);
  const signedInAt = network.exchanges.length;

  await test.step("clicks a link after the access token has expired, without a full page load", async () => {
    await waitForAccessExpiry(context);
    await page.getByRole("navigation", { name: "Main" }).getByRole("link", { name: "Account" }).click();
    await expect(page.getByRole("heading", { level: 1, name: "Account" })).toBeVisible();
    expect(documentLoads(network.exchanges.slice(signedInAt)), "full page loads").toEqual([]);

    const renewed = await sessionCookies(context);
    expect(renewed.access?.value).toBeTruthy();
    expect(renewed.access?.value).not.toBe(atFirst.access?.value);
  });

  await test.step("reloads a page after the next expiry and receives new tokens", async () => {
    await waitForAccessExpiry(context);
    await page.reload();
    await expect(page.getByRole("heading", { level: 1, name: "Account" })).toBeVisible();

    const renewed = await sessionCookies(context);
    expect(renewed.access?.value).toBeTruthy();
    expect(renewed.refresh?.value).not.toBe(atFirst.refresh?.value);
    expect(loginNavigations(network.exchanges.slice(signedInAt)), "ways to the login page").toEqual([]);
  });

  await test.step("sees this device, and no other", async () => {
    await page.getByRole("link", { name: "Devices" }).click();
    const devices = page.getByRole("list", { name: "Signed-in devices" }).getByRole("listitem");
    await expect(devices).toHaveCount(1);
    await expect(devices).toContainText("This device");
    await expect(devices).toContainText("Chrome on");
  });

  await test.step("signs out everywhere, and Back shows no private page", async () => {
    await page.getByRole("link", { name: "Security" }).click();
    await page.getByRole("button", { name: "Sign out everywhere" }).click();
    await page.getByRole("alertdialog").getByRole("button", { name: "Sign out everywhere" }).click();
    await expect(page).toHaveURL(/\/login$/);
    await expect(page.getByRole("heading", { level: 1, name: "Sign in" })).toBeVisible();
    expect(await sessionCookies(context)).toEqual({ access: null, refresh: null });

    await page.goBack();
    await expect(page.getByRole("heading", { level: 1, name: "Sign in" })).toBeVisible();
    await expect(page.getByText(person.fullName)).toHaveCount(0);
  });
});
