import type { Browser, BrowserContext } from "@playwright/test";
import type { ReceivedMail } from "./mailbox";

/**
 * A mail scanner in a browser without cookies: it requests every link of a mail, opens it, runs its scripts, and presses every button,
 * typing into no field. Returns the number of buttons pressed.
 */
export async function scanMail(browser: Browser, mail: ReceivedMail): Promise<number> {
  const context = await browser.newContext();
  try {
    let pressed = 0;
    for (const link of linksIn(mail)) pressed += await scanLink(context, link);
    return pressed;
  } finally {
    await context.close();
  }
}

async function scanLink(context: BrowserContext, link: string): Promise<number> {
  await context.request.head(link, { maxRedirects: 5 });
  await context.request.get(link, { maxRedirects: 5 });
  let pressed = 0;
  for (let at = 0; ; at++) {
    const page = await context.newPage();
    await page.goto(link, { waitUntil: "networkidle" });
    const buttons = page.getByRole("main").getByRole("button");
    const isLast = at >= (await buttons.count());
    if (!isLast) {
      await buttons.nth(at).click();
      await page.waitForLoadState("networkidle");
      pressed += 1;
    }
    await page.close();
    if (isLast) return pressed;
  }
}

function linksIn({ html, text }: ReceivedMail): string[] {
  const inHtml = [...html.matchAll(/href="([^"]+)"/g)].map(([, href]) => href!.replaceAll("&amp;", "&"));
  const inText = [...text.matchAll(/https?:\/\/\S+/g)].map(([url]) => url);
  return [...new Set([...inHtml, ...inText])].filter((link) => link.startsWith("http"));
}

/** What gateways do to a link. */
export const REWRITTEN_LINKS: Record<string, (link: string) => string> = {
  "removes the fragment": (link) => link.split("#")[0]!,
  "encodes the fragment as part of the path": (link) => link.replace("#", "%23"),
  "appends a tracking parameter to the fragment": (link) => `${link}?utm_source=mail`,
  "inserts a tracking parameter before the fragment": (link) => link.replace("#", "?utm_source=mail#"),
  "percent-encodes a character of the token": (link) =>
    `${link.slice(0, -1)}%${link.charCodeAt(link.length - 1).toString(16)}`,
};
