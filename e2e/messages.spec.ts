import type { Page } from "@playwright/test";
import { expect, test } from "@/e2e/kit";
import { axeFor } from "@/e2e/kit/accessibility";
import { renderMessage } from "@/server/mail/messages/render-message";
import { EXAMPLES, READER, withUserValues } from "@/server/mail/messages/testing";

const MAIL_URL = "http://mail.test/";

for (const [message, link] of EXAMPLES) {
  test(`messages: ${message.kind} is readable in light and dark on phone and desktop, and loads nothing`, async ({
    page,
  }) => {
    const requested = await showMail(page, renderMessage(message, READER, link).html);
    for (const width of [320, 600]) {
      for (const colorScheme of ["light", "dark"] as const) {
        await page.setViewportSize({ width, height: 700 });
        await page.emulateMedia({ colorScheme });
        await page.goto(MAIL_URL);
        await expect(page.getByRole("heading", { level: 1 })).toBeVisible();
        const { violations } = await axeFor(page).analyze();
        expect.soft(violations, `${width} ${colorScheme}`).toEqual([]);
        expect.soft(await cutTexts(page), `${width} ${colorScheme}`).toEqual([]);
        expect.soft(await luminance(page), `${width} ${colorScheme}`).toBe(colorScheme);
      }
    }
    expect(requested.filter((url) => url !== MAIL_URL)).toEqual([]);
  });
}

const LONG_VALUES = [
  "x".repeat(254),
  "\u{1F600}".repeat(100),
  "محمد بن موسى الخوارزمي ".repeat(4),
  "<b>&quot;".repeat(28),
];

test("messages: long and foreign names, addresses and devices neither overflow nor change a message", async ({
  page,
}) => {
  let html = "";
  await page.route(MAIL_URL, (route) => route.fulfill({ contentType: "text/html", body: html }));
  await page.setViewportSize({ width: 320, height: 700 });
  for (const [message, link] of EXAMPLES) {
    for (const value of LONG_VALUES) {
      html = renderMessage(withUserValues(message, value), { fullName: value, email: value }, link).html;
      await page.goto(MAIL_URL);
      expect(await cutTexts(page), message.kind).toEqual([]);
      await expect(page.getByText(`Hello ${value.trim()},`)).toBeVisible();
      expect(await page.locator("b, img, script").count()).toBe(0);
    }
  }
});

/** Serves the mail at an address of its own, and collects the addresses that the page requests. */
async function showMail(page: Page, html: string): Promise<string[]> {
  const requested: string[] = [];
  page.on("request", (request) => requested.push(request.url()));
  await page.route(MAIL_URL, (route) => route.fulfill({ contentType: "text/html", body: html }));
  return requested;
}

/** The texts that are outside the page or hidden by an element around them. */
async function cutTexts(page: Page): Promise<string[]> {
  return page.evaluate(() => {
    const texts = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
    const cut: string[] = [];
    while (texts.nextNode()) {
      const range = document.createRange();
      range.selectNodeContents(texts.currentNode);
      const isOutside = [...range.getClientRects()].some(({ left, right }) => left < 0 || right > innerWidth);
      const { scrollWidth, clientWidth } = texts.currentNode.parentElement!;
      if (isOutside || (clientWidth > 0 && scrollWidth > clientWidth)) cut.push(texts.currentNode.textContent ?? "");
    }
    if (document.documentElement.scrollWidth > innerWidth) cut.push("the page scrolls sideways");
    return cut;
  });
}

/** Whether the page is painted light or dark. */
async function luminance(page: Page): Promise<"light" | "dark"> {
  const colours = await page.evaluate(() =>
    ["body", "h1"].map((selector) => {
      const style = getComputedStyle(document.querySelector(selector)!);
      return (selector === "body" ? style.backgroundColor : style.color).match(/\d+/g)!.map(Number);
    }),
  );
  const [ground = 0, ink = 0] = colours.map((channels) => channels.slice(0, 3).reduce((sum, one) => sum + one, 0));
  return ground > ink ? "light" : "dark";
}
