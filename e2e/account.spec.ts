import { expect, test } from "@/e2e/kit";

test("account: a changed name appears on every page at once", async ({ signedInPage: page }) => {
  await page.goto("/dashboard/account");
  await page.getByLabel("Full name").fill("  Ada   Newgate ");
  await page.getByRole("button", { name: "Save name" }).click();
  await expect(page.getByText("Saved.")).toBeVisible();
  await expect(page.getByRole("banner").getByText("Ada Newgate")).toBeVisible();

  await page.getByRole("navigation", { name: "Main" }).getByRole("link", { name: "Overview" }).click();
  await expect(page.getByRole("heading", { level: 1 })).toHaveText("Hello, Ada Newgate");
  await page.reload();
  await expect(page.getByRole("heading", { level: 1 })).toHaveText("Hello, Ada Newgate");
});

test("account: a name that only the server rejects shows its error at the field", async ({ signedInPage: page }) => {
  await page.goto("/dashboard/account");
  const field = page.getByLabel("Full name");
  await field.fill("a".repeat(101));
  await page.getByRole("button", { name: "Save name" }).click();
  await expect(field).toHaveAccessibleDescription("Use at most 100 characters.");
  await expect(field).toBeFocused();
  await expect(field).toHaveValue("a".repeat(101));
});

test("account: an email that is missing, incomplete, the current one or rejected by the server shows its error at the field", async ({
  signedInPage: page,
  account,
}) => {
  await page.goto("/dashboard/account");
  const field = page.getByLabel("New email");
  for (const [email, error] of [
    ["", "Enter your email."],
    ["ada", "Enter an email like name@example.com."],
    [account.email, "This is your email already."],
    [account.email.toUpperCase(), "That is your address already."],
    ["ada@exam_ple.test", "That email address has no valid domain name after the @."],
  ] as const) {
    await field.fill(email);
    await page.getByRole("button", { name: "Change email" }).click();
    await expect(field).toHaveAttribute("aria-invalid", "true");
    await expect(page.getByText(error)).toBeVisible();
    await expect(field).toBeFocused();
    await expect(field).toHaveValue(email);
  }
});
