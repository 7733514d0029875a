import { randomBytes } from "node:crypto";
import { readdirSync, readFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import { defineConfig, devices } from "@playwright/test";
import { TEST_MAIL } from "@/e2e/kit/mailbox";
import { CHROMIUM_ARGUMENTS, findChromium } from "@/scripts/chromium.mjs";
import { DATA, ROOT } from "@/scripts/paths.mjs";

const port = Number((process.env.STAGE_PORT ??= "3100"));
const baseURL = (process.env.BASE_URL ??= `http://localhost:${port}`);
// Workers inherit these, so that an app that a test starts on the same database accepts the same tokens.
process.env.STAGE_DATABASE_DIRECTORY ??= join(DATA, "e2e", `stage-${port}`, "mysql");
process.env.SESSION_SECRET = process.env.STAGE_SESSION_SECRET ??= randomBytes(32).toString("base64url");
process.env.JWT_ACCESS_SECRET = process.env.STAGE_JWT_ACCESS_SECRET ??= randomBytes(32).toString("base64url");
process.env.ENCRYPTION_SECRET = process.env.STAGE_ENCRYPTION_SECRET ??= randomBytes(32).toString("base64url");
// Recorded traffic and logs, compared after the run. The first process empties the folder; workers inherit its path.
if (process.env.STAGE_EVIDENCE === undefined) {
  process.env.STAGE_EVIDENCE = join(DATA, "logs", `stage-${port}`);
  rmSync(process.env.STAGE_EVIDENCE, { recursive: true, force: true });
  rmSync(TEST_MAIL, { recursive: true, force: true });
}

const onDedicatedServers = readdirSync(join(ROOT, "e2e"))
  .filter((file) => file.endsWith(".spec.ts"))
  .filter((file) => readFileSync(join(ROOT, "e2e", file), "utf8").includes("testOnDedicatedServer"))
  .map((file) => `**/${file}`);

export default defineConfig({
  testDir: "e2e",
  // *.test.ts belongs to the unit runner.
  testMatch: "**/*.spec.ts",
  globalTeardown: "./e2e/redaction.ts",
  fullyParallel: true,
  workers: 4,
  projects: [
    // First, because these are the long ones. Each worker starts servers, and one remains for the others meanwhile.
    { name: "dedicated servers", testMatch: onDedicatedServers, workers: 3 },
    { name: "shared server", testIgnore: onDedicatedServers },
  ],
  forbidOnly: Boolean(process.env.CI),
  reporter: "list",
  // Only a hang may exceed these; what a test claims to happen within a time has its own.
  timeout: 180_000,
  expect: { timeout: 30_000 },
  outputDir: "test-results",
  use: {
    ...devices["Desktop Chrome"],
    baseURL,
    launchOptions: { executablePath: findChromium(), args: CHROMIUM_ARGUMENTS },
    // Traces of all tests take a fifth of the time; --trace on records them.
    screenshot: "only-on-failure",
  },
  webServer: {
    command: "node scripts/e2e-server.mjs",
    url: `${baseURL}/api/health/ready`,
    env: { RATE_LIMIT_FACTOR: "1000" },
    stdout: "pipe",
    timeout: 300_000,
    gracefulShutdown: { signal: "SIGTERM", timeout: 20_000 },
  },
});
