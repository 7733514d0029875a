import { randomBytes } from "node:crypto";
import { defineConfig, devices } from "@playwright/test";

// Workers inherit these: the instances of one deployment share their secrets.
process.env.SESSION_SECRET = randomBytes(32).toString("base64url");
process.env.JWT_ACCESS_SECRET = randomBytes(32).toString("base64url");

/** The app behind real reverse proxies. A file at a time in each worker: it has one deployment. */
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
