import { expect, test } from "vitest";
import { chromiumCandidates } from "./chromium.mjs";

const PATH = "/opt/bin:/usr/bin";

test("the one that was named is the only one", () => {
  expect(chromiumCandidates({ PLAYWRIGHT_CHROMIUM: "/mine", PATH }, "/playwrights")).toEqual(["/mine"]);
});

test("Playwright's own comes before the system's, Chromium before Chrome", () => {
  const candidates = chromiumCandidates({ PATH }, "/playwrights");
  expect(candidates[0]).toBe("/playwrights");
  expect(candidates.slice(1, 3)).toEqual(["/opt/bin/chromium", "/usr/bin/chromium"]);
  expect(candidates.indexOf("/usr/bin/google-chrome")).toBeGreaterThan(candidates.indexOf("/usr/bin/chromium"));
});

test("before the packages are there, the system's is looked for all the same", () => {
  expect(chromiumCandidates({ PATH }, undefined)[0]).toBe("/opt/bin/chromium");
});
