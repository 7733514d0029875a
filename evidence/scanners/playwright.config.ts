import { defineConfig } from "@playwright/test";
import base from "@/playwright.config";
import { ROOT } from "@/scripts/paths.mjs";

/** Scanner rules, and the absence of the bench's baseline, checked on the same build as the browser tests. */
export default defineConfig({
  ...base,
  testDir: "..",
  testMatch: ["scanners/*.spec.ts", "bench/*.spec.ts"],
  projects: undefined,
  globalTeardown: undefined,
  outputDir: "../../test-results",
  webServer: { ...[base.webServer].flat()[0]!, cwd: ROOT },
});
