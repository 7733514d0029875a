import { expect, test } from "@/e2e/kit";
import { expectAccessible } from "@/e2e/kit/accessibility";
import { loginForm, registerForm } from "@/e2e/kit/forms";

test("accessibility: the login and register pages have no violations", async ({ page, account }) => {
  await page.goto("/login");
  await expectAccessible(page, "login");
  const login = loginForm(page);
  await login.submit.click();
  await expect(login.email).toHaveAttribute("aria-invalid", "true");
  await expectAccessible(page, "login, fields missing");
  await login.fill({ email: account.email, password: "wrong" });
  await login.submit.click();
  await expect(login.problem).toContainText("incorrect");
  await expectAccessible(page, "login, wrong password");

  await page.goto("/register");
  await expectAccessible(page, "register");
  const register = registerForm(page);
  await register.fill({ ...account, password: "password1234" });
  await expect(page.getByText(/^Very weak/)).toBeVisible();
  await register.submit.click();
  await expect(register.password).toHaveAttribute("aria-invalid", "true");
  await expectAccessible(page, "register, weak password");
});

test("accessibility: the private pages have no violations", async ({ signedInPage: page, account, newCalls }) => {
  const elsewhere = await newCalls({
    userAgent: "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0",
  });
  await elsewhere.signIn(account);

  await page.goto("/dashboard");
  await expect(page.getByText("This device and 1 other")).toBeVisible();
  await expectAccessible(page, "overview");

  await page.goto("/dashboard/sessions");
  await expect(page.getByRole("listitem").filter({ hasText: "This device" })).toBeVisible();
  await expectAccessible(page, "devices");
  await page.getByRole("button", { name: "Sign out Firefox on Linux" }).click();
  await expect(page.getByRole("alertdialog")).toBeVisible();
  await expectAccessible(page, "devices, confirmation dialog");

  await page.goto("/dashboard/account");
  await expect(page.locator("time")).toBeVisible();
  await expectAccessible(page, "account");
  await page.getByRole("button", { name: "Change email" }).click();
  await expect(page.getByLabel("New email")).toHaveAttribute("aria-invalid", "true");
  await expectAccessible(page, "account, email missing");
  await page.getByLabel("New email").fill("ada.newgate@example.test");
  await page.getByRole("button", { name: "Change email" }).click();
  await expect(page.getByText("Open the link that we sent to", { exact: false })).toBeVisible();
  await expectAccessible(page, "account, email requested");
  await page.getByRole("button", { name: "Delete account" }).click();
  await expect(page.getByRole("dialog")).toBeVisible();
  await expectAccessible(page, "account, deletion dialog");

  await page.goto("/dashboard/security");
  await expectAccessible(page, "security");
  await page.getByRole("button", { name: "Change password" }).click();
  await expect(page.getByLabel("Current password", { exact: true })).toHaveAttribute("aria-invalid", "true");
  await expectAccessible(page, "security, fields missing");
  await page.getByRole("button", { name: "Sign out everywhere" }).click();
  await expect(page.getByRole("alertdialog")).toBeVisible();
  await expectAccessible(page, "security, confirmation dialog");
});

test("accessibility: the maintenance and not-found pages have no violations", async ({ page, network }) => {
  // Otherwise the page would return as soon as it sees that the service is available.
  network.dropResponses("/api/health/ready");
  for (const path of [
    "/maintenance?status=503",
    "/maintenance?status=429",
    "/maintenance?status=400",
    "/maintenance",
    "/nowhere",
  ]) {
    await page.goto(path);
    await expect(page.getByRole("heading", { level: 1 })).toBeVisible();
    await expectAccessible(page, path);
  }
});
