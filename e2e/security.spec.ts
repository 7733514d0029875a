import { expect, test } from "@/e2e/kit";

const NEW_PASSWORD = "seven lanterns over the causeway";

test("security: a wrong current password shows its error at the field and keeps the input", async ({
  signedInPage: page,
}) => {
  await page.goto("/dashboard/security");
  const current = page.getByLabel("Current password", { exact: true });
  const chosen = page.getByLabel("New password", { exact: true });
  await current.fill("not the password at all");
  await chosen.fill(NEW_PASSWORD);
  await page.getByRole("button", { name: "Change password" }).click();
  await expect(current).toHaveAccessibleDescription("That is not your current password.");
  await expect(current).toBeFocused();
  await expect(chosen).toHaveValue(NEW_PASSWORD);
});

test("security: a weak new password shows its error at the field", async ({ signedInPage: page, account }) => {
  await page.goto("/dashboard/security");
  const chosen = page.getByLabel("New password", { exact: true });
  await page.getByLabel("Current password", { exact: true }).fill(account.password);
  await chosen.fill("password1234");
  await page.getByRole("button", { name: "Change password" }).click();
  await expect(chosen).toHaveAttribute("aria-invalid", "true");
  await expect(chosen).toBeFocused();
  await expect(page.getByText("Your password is changed.", { exact: false })).toBeHidden();
});

test("security: changing the password signs out every other device and invalidates the old password", async ({
  signedInPage: page,
  account,
  newCalls,
}) => {
  const { email, password } = account;
  const elsewhere = await newCalls();
  await elsewhere.signIn(account);

  await page.goto("/dashboard/security");
  await page.getByLabel("Current password", { exact: true }).fill(password);
  await page.getByLabel("New password", { exact: true }).fill(NEW_PASSWORD);
  await page.getByRole("button", { name: "Change password" }).click();
  await expect(page.getByText("Your password is changed.", { exact: false })).toBeVisible();
  await expect(page.getByLabel("New password", { exact: true })).toHaveValue("");

  expect((await elsewhere.query("auth.session")).status).toBe(401);
  expect((await elsewhere.mutate("auth.refresh")).error?.reason).toBe("SESSION_ENDED");
  expect((await elsewhere.mutate("auth.login", { email, password })).error?.reason).toBe("INVALID_CREDENTIALS");
  expect((await elsewhere.mutate("auth.login", { email, password: NEW_PASSWORD })).status).toBe(200);
  await page.reload();
  await expect(page.getByRole("heading", { level: 1, name: "Security" })).toBeVisible();
});

test("security: signing out everywhere ends this session and every other one", async ({
  signedInPage: page,
  account,
  newCalls,
}) => {
  const elsewhere = await newCalls();
  await elsewhere.signIn(account);
  await page.goto("/dashboard/security");
  await page.getByRole("button", { name: "Sign out everywhere" }).click();
  await page.getByRole("alertdialog").getByRole("button", { name: "Sign out everywhere" }).click();
  await expect(page.getByRole("heading", { name: "Sign in" })).toBeVisible();
  expect((await elsewhere.query("auth.session")).status).toBe(401);
  expect((await elsewhere.mutate("auth.refresh")).error?.reason).toBe("SESSION_ENDED");
});
