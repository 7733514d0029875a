import { randomBytes } from "node:crypto";
import { defineConfig, devices } from "@playwright/test";

// Inherited by the workers, so that all instances share these secrets.
process.env.SESSION_SECRET = randomBytes(32).toString("base64url");
process.env.JWT_ACCESS_SECRET = randomBytes(32).toString("base64url");
process.env.ENCRYPTION_SECRET = randomBytes(32).toString("base64url");

/** Tests of the app behind real reverse proxies. Each worker has its own deployment. */
export default defineConfig({
  testDir: ".",
  workers: 2,
  forbidOnly: Boolean(process.env.CI),
  reporter: "list",
  timeout: 60_000,
  expect: { timeout: 10_000 },
  outputDir: "../../test-results",
  use: { ...devices["Desktop Chrome"], screenshot: "only-on-failure" },
});
