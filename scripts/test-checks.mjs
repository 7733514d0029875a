import { existsSync, readFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import { stripVTControlCharacters } from "node:util";
import { run } from "./command.mjs";
import { DATA, ROOT } from "./paths.mjs";
import { summaryLine, resultOfRun, tallyPlaywright, tallyVitest } from "./test-report.mjs";

export const REPORTS = join(DATA, "test");

/**
 * @typedef {import("./test-report.mjs").Tally} Tally
 * @typedef {{ tally: Tally, log: string, output: string }} Outcome
 * @typedef {(detail: string) => void} OnProgress
 */

/** Runs a check without individual tests: only a failure is counted. @param {string} name  @param {string[][]} commands */
export async function check(name, commands) {
  const log = join(REPORTS, `${name}.log`);
  /** @type {Outcome} */
  const outcome = { tally: { passed: 0, failed: 0, skipped: 0 }, log, output: "" };
  for (const command of commands) {
    const { code, output } = await run(process.execPath, command, { log });
    outcome.output += output;
    if (code === 0) continue;
    outcome.tally.failed = 1;
    break;
  }
  return outcome;
}

export function checkFormat() {
  return check("format", [[bin("prettier/bin/prettier.cjs"), "--check", "."]]);
}

export function checkTypes() {
  return check("types", [
    [bin("next/dist/bin/next"), "typegen"],
    [bin("typescript/bin/tsc"), "--noEmit"],
  ]);
}

/**
 * @param {string} project  @param {{ args?: string[], env?: Record<string, string>, config?: string, name?: string }} options
 * @param {OnProgress} onProgress
 */
export function runVitest(project, { args = [], env = {}, config = "vitest.config.ts", name = project }, onProgress) {
  const report = join(REPORTS, `${name}.json`);
  const command = [bin("vitest/vitest.mjs"), "run", "--config", join(ROOT, config), "--project", project];
  const reporters = ["--reporter=default", "--reporter=json", `--outputFile.json=${report}`];
  return runSuite(name, { command: [...command, ...reporters, ...args], report, tally: tallyVitest, env }, onProgress);
}

/** @param {{ args: string[], chromium: string, port?: number, config?: string, name?: string }} options  @param {OnProgress} onProgress */
export function runPlaywright({ args, chromium, port, config = "playwright.config.ts", name = "e2e" }, onProgress) {
  const report = join(REPORTS, `${name}.json`);
  const env = {
    PLAYWRIGHT_CHROMIUM: chromium,
    PLAYWRIGHT_JSON_OUTPUT_NAME: report,
    ...(port === undefined ? {} : { STAGE_PORT: String(port) }),
  };
  const command = [bin("@playwright/test/cli.js"), "test", "--config", join(ROOT, config), "--reporter=list,json"];
  return runSuite(name, { command: [...command, ...args], report, tally: tallyPlaywright, env }, onProgress);
}

/**
 * Excludes slow tests; `--slow` runs only those.
 * @param {string[]} args
 */
export function filterSlowTests(args) {
  const rest = args.filter((arg) => arg !== "--slow");
  return [rest.length < args.length ? "--grep=@slow" : "--grep-invert=@slow", ...rest];
}

/**
 * @param {string} name
 * @param {{ command: string[], report: string, tally: (report: any) => Tally, env: Record<string, string> }} suite
 * @param {OnProgress} onProgress
 * @returns {Promise<Outcome>}
 */
export async function runSuite(name, { command, report, tally, env }, onProgress) {
  rmSync(report, { force: true });
  const log = join(REPORTS, `${name}.log`);
  const onLine = (/** @type {string} */ line) => onProgress(stripVTControlCharacters(line).trim());
  const { code, output } = await run(process.execPath, command, { log, env: { ...process.env, ...env }, onLine });
  const counted = existsSync(report) ? tally(JSON.parse(readFileSync(report, "utf8"))) : null;
  const result = resultOfRun(counted, code);
  onProgress(summaryLine(result));
  return { tally: result, log, output };
}

/** @param {string} path */
function bin(path) {
  return join(ROOT, "node_modules", path);
}
