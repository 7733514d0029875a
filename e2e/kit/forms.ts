import type { Locator, Page } from "@playwright/test";
import type { NewAccount } from "./accounts";

/** The login form, by roles and labels. */
export function loginForm(page: Page) {
  return {
    email: page.getByLabel("Email"),
    password: passwordField(page),
    remember: page.getByLabel("Keep me signed in on this device"),
    // Exact, because another button is named "Sign in with a passkey".
    submit: page.getByRole("button", { name: "Sign in", exact: true }),
    problem: problemIn(page),
    async fill({ email, password }: Pick<NewAccount, "email" | "password">) {
      await this.email.fill(email);
      await this.password.fill(password);
    },
  };
}

/** The registration form, by roles and labels. */
export function registerForm(page: Page) {
  return {
    fullName: page.getByLabel("Full name"),
    email: page.getByLabel("Email"),
    password: passwordField(page),
    remember: page.getByLabel("Keep me signed in on this device"),
    submit: page.getByRole("button", { name: "Create account" }),
    problem: problemIn(page),
    async fill({ fullName, email, password }: NewAccount) {
      await this.fullName.fill(fullName);
      await this.email.fill(email);
      await this.password.fill(password);
    },
  };
}

/** Exact, because the button beside the field is named "Show password". */
function passwordField(page: Page): Locator {
  return page.getByLabel("Password", { exact: true });
}

/** Within main, because Next.js adds an alert to every page that announces its title. */
function problemIn(page: Page): Locator {
  return page.getByRole("main").getByRole("alert");
}
