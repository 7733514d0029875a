import type { Page } from "@playwright/test";
import { expect, test } from "@/e2e/kit";

const OPEN_PAGES = ["/login", "/register", "/maintenance?status=503", "/nowhere"];
const PRIVATE_PAGES = ["/dashboard", "/dashboard/sessions", "/dashboard/account", "/dashboard/security"];

// The kit checks after every test that the browser reported no violation.
test("content security policy: every page has its own nonce, and only scripts with that nonce run", async ({
  signedInPage: page,
  openBrowser,
}) => {
  const guest = await (await openBrowser()).newPage();
  const nonces = [
    ...(await collectNonces(guest, OPEN_PAGES)),
    ...(await collectNonces(page, PRIVATE_PAGES)),
    ...(await collectNonces(page, ["/dashboard"])),
  ];
  expect(new Set(nonces).size).toBe(nonces.length);
});

test("content security policy: an injected script does not run", async ({ browser, proxy }) => {
  // Not a browser of the kit, which would fail on the violation that is expected here.
  const page = await browser.newPage({ proxy });
  await page.goto("/login");
  const refused = await page.evaluate(() => {
    const violation = new Promise<string>((resolve) =>
      addEventListener("securitypolicyviolation", (event) => resolve(event.effectiveDirective), { once: true }),
    );
    document.body.insertAdjacentHTML("beforeend", "<img src=data:x onerror='window.smuggled = true'>");
    return violation;
  });
  expect(refused).toBe("script-src-attr");
  expect(await page.evaluate(() => "smuggled" in window)).toBe(false);
  await page.close();
});

async function collectNonces(page: Page, paths: string[]): Promise<string[]> {
  const nonces: string[] = [];
  for (const path of paths) {
    const response = await page.goto(path);
    const policy = response?.headers()["content-security-policy"] ?? "";
    const nonce = /script-src 'nonce-([^']+)' 'strict-dynamic'/.exec(policy)?.[1];
    expect(nonce, path).toBeTruthy();
    expect(policy, path).not.toMatch(/unsafe-(inline|eval)/);
    // In the markup: scripts that these load later, such as the library for passkeys, are trusted by 'strict-dynamic'.
    const tags = (await response?.text())?.match(/<script\b[^>]*>/g) ?? [];
    const run = tags.filter((tag) => !/ type=/.test(tag) || / src=| type="module"/.test(tag));
    const written = run.map((tag) => / nonce="([^"]*)"/.exec(tag)?.[1] || `none: ${tag.slice(0, 100)}`);
    expect(written.length, path).toBeGreaterThan(0);
    expect(new Set(written), path).toEqual(new Set([nonce]));
    nonces.push(nonce ?? "");
  }
  return nonces;
}
