import type { Locator, Page } from "@playwright/test";
import type { NewAccount } from "./accounts";

/** The login form, as people see it. */
export function loginForm(page: Page) {
  return {
    email: page.getByLabel("Email"),
    password: passwordField(page),
    remember: page.getByLabel("Keep me signed in on this device"),
    submit: page.getByRole("button", { name: "Sign in" }),
    problem: problemIn(page),
    async fill({ email, password }: Pick<NewAccount, "email" | "password">) {
      await this.email.fill(email);
      await this.password.fill(password);
    },
  };
}

/** The form of somebody new, as people see it. */
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

/** The button beside it is called "Show password". */
function passwordField(page: Page): Locator {
  return page.getByLabel("Password", { exact: true });
}

/** Next keeps an alert of its own on every page, to announce their names. */
function problemIn(page: Page): Locator {
  return page.getByRole("main").getByRole("alert");
}
