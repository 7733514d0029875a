import { expect, test } from "@/e2e/kit";
import { loginForm } from "@/e2e/kit/forms";

const USED = ["sessionStorage", "localStorage", "BroadcastChannel"];
const UNUSED = ["indexedDB", "caches"];

for (const blocked of [...USED.map((name) => [name]), [...USED, ...UNUSED]]) {
  test(`every page works when reading ${blocked.join(", ")} throws`, async ({ page, account, context }) => {
    await context.addInitScript((names) => {
      for (const name of names) {
        Object.defineProperty(window, name, {
          get() {
            throw new DOMException("Access is denied for this document.", "SecurityError");
          },
        });
      }
    }, blocked);

    await page.goto("/register");
    await expect(page.getByRole("heading", { level: 1, name: "Create an account" })).toBeVisible();
    await page.goto("/login");
    const form = loginForm(page);
    await form.fill(account);
    await form.submit.click();
    await expect(page.getByRole("heading", { level: 1 })).toHaveText(`Hello, ${account.fullName}`);
    const main = page.getByRole("navigation", { name: "Main" });
    await main.getByRole("link", { name: "Devices" }).click();
    await expect(page.getByText("This device", { exact: true })).toBeVisible();
    await main.getByRole("link", { name: "Account" }).click();
    await expect(page.getByRole("heading", { level: 1, name: "Account" })).toBeVisible();
    await page.goto("/not-there");
    await expect(page.getByRole("heading", { level: 1 })).toBeVisible();

    await page.goto("/maintenance?status=503&next=%2Fdashboard%2Fsessions");
    await expect(page.getByRole("heading", { level: 1, name: "Temporarily unavailable" })).toBeVisible();
    await expect(page).toHaveURL(/\/dashboard\/sessions$/);
    await expect(page.getByText("This device", { exact: true })).toBeVisible();

    await page.getByRole("banner").getByRole("button", { name: "Sign out" }).click();
    await expect(page.getByRole("heading", { name: "Sign in" })).toBeVisible();
  });
}
