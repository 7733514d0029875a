import { mkdirSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { createTransport } from "nodemailer";
import { expect, testOnDedicatedServer as test } from "@/e2e/kit";
import { axeFor } from "@/e2e/kit/accessibility";
import { DATA } from "@/scripts/paths.mjs";
import { renderMessage } from "@/server/mail/messages/render-message";
import { EXAMPLES, READER } from "@/server/mail/messages/testing";

const FOLDER = join(DATA, "e2e", "mailbox", "mail");

test.use({ variables: { PORTCULLIS_MAIL_FOLDER: FOLDER, RATE_LIMIT_FACTOR: "1000" } });
test.describe.configure({ mode: "serial" });
test.beforeEach(() => rmSync(FOLDER, { recursive: true, force: true }));
test.afterAll(() => rmSync(join(FOLDER, ".."), { recursive: true, force: true }));

test("mailbox: shows a new mail by itself, and its parts, source and links", async ({ page, server, context }) => {
  await page.goto("/dev/mailbox");
  await expect(page.getByText("No mails yet")).toBeVisible();
  await expect(page.getByText(/Register an account/)).toBeVisible();

  await deliver("reset-password", "2026-11-29T14:03:22.000Z", server.url);
  await deliver("new-device", "2026-11-29T14:05:00.000Z", server.url);
  await expect(page.getByText("2 mails")).toBeVisible();
  const items = page.getByRole("main").getByRole("listitem");
  await expect(items).toHaveText([/Sign-in to your account on a new device/, /Reset your password/]);

  await items.getByRole("link", { name: /Reset your password/ }).focus();
  await page.keyboard.press("Enter");
  await expect(page.getByRole("heading", { name: "Reset your password" })).toBeVisible();
  const frame = page.frameLocator("iframe");
  await expect(frame.getByRole("heading", { name: "Reset your password" })).toBeVisible();
  const colour = (selector: string) =>
    frame.locator(selector).evaluate((element) => getComputedStyle(element).backgroundColor);
  expect(await colour("a.buttonLabel")).toBe("rgb(0, 97, 80)");

  await page.getByRole("link", { name: "Text" }).click();
  await expect(page.getByText("If you did not request this, ignore this message.")).toBeVisible();
  for (const open of [
    () => page.getByRole("link", { name: /confirm#/ }).click(),
    async () => {
      await page.getByRole("link", { name: "HTML" }).click();
      await frame.getByRole("link", { name: "Choose a new password" }).click();
    },
  ]) {
    const opened = context.waitForEvent("page");
    await open();
    const tab = await opened;
    await tab.waitForLoadState();
    expect(tab.url()).toMatch(new RegExp(`^${server.url}/confirm#`));
    // Not sandboxed: its scripts run.
    expect(await tab.evaluate(() => isSecureContext && self.origin)).toBe(server.url);
    await tab.close();
  }

  await page.getByRole("link", { name: "Source" }).click();
  await expect(page.getByText("Auto-Submitted: auto-generated")).toBeVisible();
});

test("mailbox: a mail runs no script, sends no form and loads nothing", async ({ openBrowser, server }) => {
  await write({ subject: "Hostile", text: "x", html: HOSTILE_HTML }, "2026-11-29T14:03:22.000Z");
  // Not the page of the kit, which fails on the violations that are expected here.
  const page = await (await openBrowser()).browser()!.newPage();
  // Reached only by requests that the browser sends: those that a policy blocks end before.
  const sent: string[] = [];
  await page.route(/evil\.test/, (route) => {
    sent.push(route.request().url());
    return route.abort();
  });
  await page.goto(`${server.url}/dev/mailbox`);
  await page.getByRole("link", { name: /Hostile/ }).click();
  const frame = page.frameLocator("iframe");
  await frame.getByRole("button", { name: "Send" }).click();
  await expect(frame.getByText("harmless")).toBeVisible();
  expect(sent).toEqual([]);
  expect(await page.evaluate(() => "smuggled" in window)).toBe(false);
  await page.close();
});

test("mailbox: a name that is not in its list opens nothing", async ({ page, calls, server }) => {
  await deliver("reset-password", "2026-11-29T14:03:22.000Z", server.url);
  mkdirSync(FOLDER, { recursive: true });
  writeFileSync(join(FOLDER, "..", "secret.eml"), "Subject: secret\n\nsecret");
  for (const name of ["../secret.eml", "..%2Fsecret.eml", "/etc/passwd", "", ".", "secret.eml", "__proto__"]) {
    const response = await calls.request.get(`${server.url}/dev/mailbox?mail=${name}`);
    expect([response.status(), (await response.text()).includes("secret\n")], name).toEqual([200, false]);
  }
  await page.goto("/dev/mailbox?mail=../secret.eml&mail=a&view=constructor");
  await expect(page.getByText("Select a mail to read it.")).toBeVisible();
});

test("mailbox: is accessible in light and dark, on phone and desktop", async ({ page, server }) => {
  const expectAccessible = async (what: string) => {
    for (const colorScheme of ["light", "dark"] as const) {
      await page.emulateMedia({ colorScheme, reducedMotion: "reduce" });
      for (const width of [320, 1280]) {
        await page.setViewportSize({ width, height: 800 });
        // No script runs in the frame, so axe cannot. The mails themselves are examined in messages.spec.ts.
        const { violations } = await axeFor(page).exclude("iframe").analyze();
        expect.soft(violations, `${what}, ${colorScheme}, ${width}`).toEqual([]);
        const overflow = await page.evaluate(() => document.documentElement.scrollWidth - innerWidth);
        expect.soft(overflow, `${what}, ${width}`).toBeLessThanOrEqual(0);
      }
    }
  };
  await page.goto("/dev/mailbox");
  await expectAccessible("empty");
  for (const [{ kind }] of EXAMPLES) await deliver(kind, "2026-11-29T14:03:22.000Z", server.url);
  await expect(page.getByText(`${EXAMPLES.length} mails`)).toBeVisible();
  await expectAccessible("list");
  await page.getByRole("link", { name: /Your account will be deleted/ }).click();
  await expect(page.frameLocator("iframe").getByRole("heading", { level: 1 })).toBeVisible();
  await expect(page.getByTitle("Mail: Your account will be deleted")).toBeVisible();
  await expectAccessible("HTML");
  for (const view of ["Text", "Source"]) {
    await page.getByRole("link", { name: view }).click();
    await expect(page.getByRole("main").locator("pre")).toBeVisible();
    await expectAccessible(view);
  }
  // On a phone the opened mail is in place of the list.
  await page.setViewportSize({ width: 320, height: 800 });
  await expect(page.getByRole("heading", { name: "Mailbox" })).toBeHidden();
  await page.getByRole("link", { name: "All mails" }).click();
  await expect(page.getByRole("heading", { name: "Mailbox" })).toBeVisible();
});

for (const [why, variables] of [
  ["with a mail server", { SMTP_URL: "smtp://127.0.0.1:9", MAIL_FROM: "no-reply@example.test" }],
  ["with MAIL=off", { MAIL: "off" }],
] as const) {
  test(`mailbox: ${why} its address is one that does not exist`, async ({ page, server }) => {
    await deliver("reset-password", "2026-11-29T14:03:22.000Z", server.url);
    await server.stopApp();
    await server.startApp(variables);
    const load = async (path: string) => {
      const response = await page.goto(path);
      // The preloads of the page that matched.
      const { link, ...headers } = await response!.allHeaders();
      const policy = headers["content-security-policy"]!.replace(/nonce-[^']+/g, "nonce");
      const text = await page.locator("body").innerText();
      return {
        status: response!.status(),
        headers: Object.keys(headers).sort(),
        policy,
        text,
        title: await page.title(),
      };
    };
    const asked = await load("/dev/mailbox");
    expect(asked).toEqual(await load("/dev/nothing"));
    expect(asked).toMatchObject({ status: 404, title: "Page not found · Portcullis" });
    expect(asked.policy).not.toContain("unsafe-inline");
  });
}

const HOSTILE_HTML = `<!doctype html><html><head><title>x</title>
<link rel="stylesheet" href="http://evil.test/style.css">
<meta http-equiv="refresh" content="0; url=http://evil.test/refresh"></head>
<body style="background: url(http://evil.test/background.png)">
<script>parent.smuggled = top.smuggled = true; fetch("http://evil.test/script")</script>
<img src="http://evil.test/pixel.png" onerror="top.smuggled = true">
<iframe src="http://evil.test/frame"></iframe>
<form action="http://evil.test/form" target="_top"><button>Send</button></form>
<p>harmless</p></body></html>`;

async function deliver(kind: string, at: string, origin: string): Promise<void> {
  const [message, link] = EXAMPLES.find(([one]) => one.kind === kind)!;
  const local = link && { ...link, url: link.url.replace(/^https:\/\/[^/]+/, origin) };
  await write(renderMessage(message, READER, local), at, kind);
}

async function write(mail: { subject: string; text: string; html: string }, at: string, name = "mail"): Promise<void> {
  const { message } = await createTransport({ streamTransport: true, buffer: true, newline: "windows" }).sendMail({
    ...mail,
    from: "Portcullis <no-reply@localhost>",
    to: READER.email,
    date: at,
    headers: { "Auto-Submitted": "auto-generated" },
  });
  mkdirSync(FOLDER, { recursive: true });
  const file = join(FOLDER, `${at.replaceAll(":", "-")}-${name}.eml`);
  writeFileSync(`${file}.new`, message as Buffer);
  renameSync(`${file}.new`, file);
}
