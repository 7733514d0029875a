import { join } from "node:path";
import { onExit } from "../scripts/lifecycle.mjs";
import { stopServers } from "../scripts/mysql/private-server.mjs";
import { DATA, ROOT } from "../scripts/paths.mjs";
import { providePrograms } from "../scripts/proxies.mjs";
import { findServerPort } from "../scripts/loopback.mjs";
import { runSuites } from "../scripts/run-tests.mjs";
import { REPORTS, runPlaywright, runSuite, runVitest } from "../scripts/test-checks.mjs";

/**
 * `npm run evidence` runs all suites in short form; `npm run evidence -- lab [arguments]` runs one.
 * @type {import("../scripts/run-tests.mjs").Suite[]}
 */
const SUITES = [
  { name: "models", run: ({ rest }, onProgress) => runVitest("models", { args: rest }, onProgress) },
  {
    name: "histories",
    needs: ["database"],
    run: ({ rest, databaseUrl }, onProgress) =>
      runVitest("histories", { args: rest, env: { TEST_DATABASE_URL: databaseUrl } }, onProgress),
  },
  {
    name: "scanners",
    needs: ["chromium", "build"],
    run: async ({ rest, chromium }, onProgress) => {
      onExit(() => stopServers(join(DATA, "e2e")));
      const config = "evidence/scanners/playwright.config.ts";
      return runPlaywright(
        { args: rest, chromium, port: await findServerPort(), config, name: "scanners" },
        onProgress,
      );
    },
  },
  {
    name: "proxies",
    needs: ["chromium", "build"],
    run: async ({ rest, chromium }, onProgress) => {
      await providePrograms(["caddy", "nginx", "haproxy", "certutil", "ip"], onProgress);
      onExit(() => stopServers(join(DATA, "proxies")));
      const config = "evidence/proxies/playwright.config.ts";
      return runPlaywright({ args: rest, chromium, config, name: "proxies" }, onProgress);
    },
  },
  program("lab", ["fault-lab", "--short"], invariants),
  program("cluster", ["cluster", "--short"], invariants),
  program("fuzz", ["fuzz", "--seed", "1"], invariants),
  program("timing", ["timing"], ({ passed, failed, skipped }) => ({ passed, failed, skipped })),
  program("bench", ["bench", "--quick"], ({ passed, failed }) => ({ passed, failed, skipped: 0 })),
];

/** @param {string[]} args */
export async function runEvidence(args) {
  if (args[0] === "--help") {
    const names = SUITES.map(({ name }) => name).join(" ");
    return console.log(`\n  npm run evidence -- [${names}]\n\n  Behind a single name: arguments of its program.\n`);
  }
  await runSuites({ title: "evidence, short forms", suites: SUITES, args, report: "evidence.json" });
}

/**
 * A suite that is a separate program and writes a report.
 * @param {string} name
 * @param {[folder: string, ...args: string[]]} command
 * @param {(report: any) => import("../scripts/test-report.mjs").Tally} tally
 * @returns {import("../scripts/run-tests.mjs").Suite}
 */
function program(name, [folder, ...args], tally) {
  return {
    name,
    needs: ["build"],
    run: ({ rest }, onProgress) => {
      const report = join(REPORTS, `${name}.json`);
      const command = [join(ROOT, "evidence", "program.mjs"), folder, ...args, "--report", report, ...rest];
      return runSuite(name, { command, report, tally, env: {} }, onProgress);
    },
  };
}

/** Each invariant or oracle counts as a test. @param {{ invariants: Record<string, number> }} report number of violations of each */
function invariants({ invariants }) {
  const broken = Object.values(invariants).filter((violations) => violations > 0).length;
  return { passed: Object.keys(invariants).length - broken, failed: broken, skipped: 0 };
}
