import { expect, test } from "@/e2e/kit";
import { generateAccount } from "@/e2e/kit/accounts";
import { sessionCookies } from "@/e2e/kit/cookies";
import { registerForm } from "@/e2e/kit/forms";

test("an email that is taken is refused at its field, in another spelling too, and nothing typed is lost", async ({
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

test("the meter says how strong a password is, and the server has the last word at the field", async ({ page }) => {
  await page.goto("/register");
  const form = registerForm(page);
  const invented = generateAccount({ fullName: "Wilhelmina Portway" });
  await form.fill({ ...invented, password: "short" });
  await expect(page.getByText("Use at least 10 characters.")).toBeVisible();
  await form.password.fill("wilhelmina1");
  await expect(page.getByText(/^(Very weak|Weak|Almost strong enough)\b/)).toBeVisible();

  await form.submit.click();
  await expect(form.password).toHaveAttribute("aria-invalid", "true");
  await expect(form.password).toBeFocused();
  await expect(form.email).toHaveValue(invented.email);

  await form.password.fill(invented.password);
  await expect(page.getByText(/^(Strong|Very strong)\.$/)).toBeVisible();
  await form.submit.click();
  await expect(page).toHaveURL(/\/dashboard$/);
});

test("an empty form says at each field what is missing", async ({ page }) => {
  await page.goto("/register");
  const form = registerForm(page);
  await form.submit.click();
  await expect(form.fullName).toHaveAccessibleDescription("Enter your name.");
  await expect(form.email).toHaveAccessibleDescription("Enter your email.");
  await expect(form.password).toHaveAccessibleDescription(/^(Choose a password|Use at least 10 characters)\./);
  await expect(form.fullName).toBeFocused();
});

test("a name of emoji and an address of every length and script come out as they went in", async ({ page }) => {
  await page.goto("/register");
  const form = registerForm(page);
  const fullName = "🦊 Ålesund ‑ 城門 O'Moat";
  await form.fill(generateAccount({ fullName }));
  await form.submit.click();
  await expect(page.getByRole("heading", { level: 1 })).toHaveText(`Hello, ${fullName}`);
});
