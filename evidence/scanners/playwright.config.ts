import { defineConfig } from "@playwright/test";
import base from "@/playwright.config";
import { ROOT } from "@/scripts/paths.mjs";

/** The rules of known scanners, and what the bench's copy of the app opens, asked of the same build as the browser tests. */
export default defineConfig({
  ...base,
  testDir: "..",
  testMatch: ["scanners/*.spec.ts", "bench/*.spec.ts"],
  globalTeardown: undefined,
  outputDir: "../../test-results",
  webServer: { ...[base.webServer].flat()[0]!, cwd: ROOT },
});
