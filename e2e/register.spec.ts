import { expect, test } from "@/e2e/kit";
import { generateAccount } from "@/e2e/kit/accounts";
import { sessionCookies } from "@/e2e/kit/cookies";
import { registerForm } from "@/e2e/kit/forms";

test("register: an email that is taken, also in another spelling, shows its error at the field and keeps the input", async ({
  page,
  account,
}) => {
  await page.goto("/register");
  const form = registerForm(page);
  const taken = generateAccount({ fullName: "Second Comer", email: account.email.toUpperCase() });
  await form.fill(taken);
  await form.submit.click();

  await expect(form.email).toHaveAccessibleDescription("An account with this email already exists.");
  await expect(form.email).toBeFocused();
  await expect(form.fullName).toHaveValue(taken.fullName);
  await expect(form.email).toHaveValue(taken.email);
  await expect(form.password).toHaveValue(taken.password);
  expect(await sessionCookies(page.context())).toEqual({ access: null, refresh: null });
});

test("register: the meter rates the password, and the server's rejection appears at the field", async ({ page }) => {
  await page.goto("/register");
  const form = registerForm(page);
  const details = generateAccount({ fullName: "Wilhelmina Portway" });
  await form.fill({ ...details, password: "short" });
  await expect(page.getByText("Use at least 10 characters.")).toBeVisible();
  await form.password.fill("wilhelmina1");
  await expect(page.getByText(/^(Very weak|Weak|Almost strong enough)\b/)).toBeVisible();

  await form.submit.click();
  await expect(form.password).toHaveAttribute("aria-invalid", "true");
  await expect(form.password).toBeFocused();
  await expect(form.email).toHaveValue(details.email);

  await form.password.fill(details.password);
  await expect(page.getByText(/^(Strong|Very strong)\.$/)).toBeVisible();
  await form.submit.click();
  await expect(page).toHaveURL(/\/dashboard$/);
});

test("register: an empty form shows an error at each field", async ({ page }) => {
  await page.goto("/register");
  const form = registerForm(page);
  await form.submit.click();
  await expect(form.fullName).toHaveAccessibleDescription("Enter your name.");
  await expect(form.email).toHaveAccessibleDescription("Enter your email.");
  await expect(form.password).toHaveAccessibleDescription(/^(Choose a password|Use at least 10 characters)\./);
  await expect(form.fullName).toBeFocused();
});

test("register: a name with emoji and several scripts is shown exactly as it was entered", async ({ page }) => {
  await page.goto("/register");
  const form = registerForm(page);
  const fullName = "🦊 Ålesund ‑ 城門 O'Moat";
  await form.fill(generateAccount({ fullName }));
  await form.submit.click();
  await expect(page.getByRole("heading", { level: 1 })).toHaveText(`Hello, ${fullName}`);
});
