import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { expect, test } from "vitest";
import { CHROMIUM_ARGUMENTS, chromiumCandidates } from "./chromium.mjs";

const PATH = "/opt/bin:/usr/bin";

test("chromiumCandidates: PLAYWRIGHT_CHROMIUM is the only candidate", () => {
  expect(chromiumCandidates({ PLAYWRIGHT_CHROMIUM: "/mine", PATH }, "/playwright/chrome")).toEqual(["/mine"]);
});

test("chromiumCandidates: Playwright's browser precedes the system's, and Chromium precedes Chrome", () => {
  const candidates = chromiumCandidates({ PATH }, "/playwright/chrome");
  expect(candidates[0]).toBe("/playwright/chrome");
  expect(candidates.slice(1, 3)).toEqual(["/opt/bin/chromium", "/usr/bin/chromium"]);
  expect(candidates.indexOf("/usr/bin/google-chrome")).toBeGreaterThan(candidates.indexOf("/usr/bin/chromium"));
});

test("chromiumCandidates: lists system browsers before the packages are installed", () => {
  expect(chromiumCandidates({ PATH }, undefined)[0]).toBe("/opt/bin/chromium");
});

test("CHROMIUM_ARGUMENTS: every feature that Playwright disables stays disabled", () => {
  const { resolve } = createRequire(createRequire(import.meta.url).resolve("@playwright/test"));
  const source = readFileSync(resolve("playwright-core/lib/coreBundle"), "utf8");
  const [, list = ""] = /^ *disabledFeatures = \[(.*?)\]/ms.exec(source) ?? [];
  const features = [...list.matchAll(/^ *"(\w+)"/gm)].map(([, name]) => name);
  expect(features).toContain("HttpsUpgrades");
  const [disabled = ""] = CHROMIUM_ARGUMENTS;
  expect(disabled.replace("--disable-features=", "").split(",")).toEqual(expect.arrayContaining(features));
});
