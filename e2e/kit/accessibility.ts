import AxeBuilder from "@axe-core/playwright";
import { expect, type Page } from "@playwright/test";

const softly = expect.configure({ soft: true });

const PHONE = { width: 360, height: 740 };
const DESKTOP = { width: 1280, height: 800 };

/** Runs axe in light and dark mode, and checks that nothing overflows at phone width. */
export async function expectAccessible(page: Page, what: string): Promise<void> {
  for (const colorScheme of ["light", "dark"] as const) {
    await page.emulateMedia({ colorScheme, reducedMotion: "reduce" });
    await page.evaluate(waitForAnimations);
    const axe = axeFor(page);
    // The other rules do not depend on colours.
    if (colorScheme === "dark") axe.withRules(["color-contrast", "link-in-text-block"]);
    const { violations } = await axe.analyze();
    const found = violations.map(({ id, nodes }) => `${id}: ${nodes.map(({ target }) => target.join(" ")).join(", ")}`);
    expect.soft(found, `${what}, ${colorScheme}`).toEqual([]);
  }
  await page.setViewportSize(PHONE);
  await softly.poll(() => overflowingElements(page), `${what}, too wide for a phone`).toEqual([]);
  await page.setViewportSize(DESKTOP);
}

/** Axe opens a second page to combine the results of frames. Where there is none, that is half the time of an analysis. */
export function axeFor(page: Page): AxeBuilder {
  return new AxeBuilder({ page }).setLegacyMode(page.frames().length === 1);
}

/** During a colour transition the contrast is not final. */
async function waitForAnimations(): Promise<void> {
  await new Promise((painted) => requestAnimationFrame(() => requestAnimationFrame(painted)));
  const passing = document.getAnimations().filter((one) => Number.isFinite(one.effect?.getComputedTiming().endTime));
  await Promise.allSettled(passing.map(({ finished }) => finished));
}

/** Elements that extend beyond the right edge and make the page scroll. */
async function overflowingElements(page: Page): Promise<string[]> {
  return page.evaluate(() => {
    const { scrollWidth, clientWidth } = document.documentElement;
    if (scrollWidth <= clientWidth) return [];
    const outside = [...document.body.querySelectorAll("*")].filter(
      (element) => element.getBoundingClientRect().right > clientWidth,
    );
    return outside.map((element) => `${element.tagName} ${element.className}`.slice(0, 80));
  });
}
