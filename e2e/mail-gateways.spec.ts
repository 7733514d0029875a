import { expect, test } from "@/e2e/kit";
import type { Account } from "@/e2e/kit/accounts";
import type { Calls } from "@/e2e/kit/calls";
import { REWRITTEN_LINKS, scanMail } from "@/e2e/kit/mail-gateways";
import { waitForMail } from "@/e2e/kit/mailbox";

const NEW_PASSWORD = "copper lanterns drift 9 nights";

interface Flow {
  subject: RegExp;
  action: string;
  done: string;
  needs: "code" | "newPassword";
  /** Signed in as the account. */
  begin: (calls: Calls, account: Account) => Promise<unknown>;
  /** Where the mail arrives, if not at the account's address. */
  to?: (account: Account) => string;
}

const FLOWS: Record<string, Flow> = {
  "confirmation of the address": {
    subject: /^Confirm your email address$/,
    action: "Confirm this address",
    done: "Your email is confirmed",
    needs: "code",
    begin: async () => {},
  },
  "password reset": {
    subject: /^Reset your password$/,
    action: "Change password",
    done: "Your password is changed",
    needs: "newPassword",
    begin: (calls, { email }) => calls.mutate("password.requestReset", { email }),
  },
  "change of address": {
    subject: /^Confirm your new email address$/,
    action: "Use this address",
    done: "Your address is changed",
    needs: "code",
    begin: (calls, account) => calls.mutate("email.requestChange", { email: newAddress(account) }),
    to: newAddress,
  },
  "notice of a changed password": {
    subject: /^Your password was changed$/,
    action: "Sign out every device",
    done: "Every device is signed out",
    needs: "code",
    begin: (calls, { password }) =>
      calls.mutate("users.changePassword", { currentPassword: password, newPassword: NEW_PASSWORD }),
  },
  "deletion of the account": {
    subject: /^Your account will be deleted$/,
    action: "Keep my account",
    done: "Your account is kept",
    needs: "code",
    begin: (calls, { email }) => calls.mutate("account.requestDeletion" as never, { email }),
  },
};

function newAddress({ email }: Account): string {
  return `new.${email}`;
}

for (const [name, flow] of Object.entries(FLOWS)) {
  test(`mail gateways: a scanner that opens every link and presses every button completes no ${name}, and the owner then does`, async ({
    page,
    browser,
    account,
    newCalls,
  }) => {
    const calls = await newCalls();
    await calls.signIn(account);
    await flow.begin(calls, account);
    const mail = await waitForMail(flow.to?.(account) ?? account.email, flow.subject);
    expect(await scanMail(browser, mail), "the scanner found buttons to press").toBeGreaterThan(0);

    await page.goto(mail.link!);
    if (flow.needs === "code") await page.getByLabel("Code from the mail").fill(mail.code!);
    else await page.getByLabel("New password", { exact: true }).fill(NEW_PASSWORD);
    await page.getByRole("button", { name: flow.action }).click();
    await expect(page.getByRole("heading", { level: 1, name: flow.done })).toBeVisible();

    // The mail arrives a second time: its link says that it was used.
    await page.goto("about:blank");
    await page.goto(mail.link!);
    await expect(page.getByRole("heading", { level: 1, name: "This link was already used" })).toBeVisible();
  });
}

for (const [what, rewrite] of Object.entries(REWRITTEN_LINKS)) {
  test(`mail gateways: where one ${what}, the owner still gets through`, async ({ page, account, calls }) => {
    await calls.mutate("password.requestReset", { email: account.email });
    const { link, code } = await waitForMail(account.email, /^Reset your password$/);
    await page.goto(rewrite(link!));
    await expect(
      page.getByRole("heading", { level: 1, name: /^(Choose a new password|Enter the code from the mail)$/ }),
    ).toBeVisible();
    if (await page.getByLabel("Code from the mail").isVisible()) {
      await page.getByLabel("Email").fill(account.email);
      await page.getByLabel("Code from the mail").fill(code!);
      await page.getByRole("button", { name: "Continue" }).click();
    }
    await page.getByLabel("New password", { exact: true }).fill(NEW_PASSWORD);
    await page.getByRole("button", { name: "Change password" }).click();
    await expect(page.getByRole("heading", { level: 1, name: "Your password is changed" })).toBeVisible();
  });
}
