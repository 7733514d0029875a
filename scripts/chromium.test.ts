import { expect, test } from "vitest";
import { chromiumCandidates } from "./chromium.mjs";

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
