import { existsSync, readFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import { stripVTControlCharacters } from "node:util";
import { run } from "./command.mjs";
import { DATA, ROOT } from "./paths.mjs";
import { closingLine, judgeRun, tallyLab, tallyPlaywright, tallyVitest } from "./test-report.mjs";

export const REPORTS = join(DATA, "test");

/**
 * @typedef {import("./test-report.mjs").Tally} Tally
 * @typedef {{ tally: Tally, log: string, output: string }} Outcome
 * @typedef {(detail: string) => void} Say
 */

/** A check that is right or wrong as a whole: it is counted only when it is wrong. @param {string} name  @param {string[][]} commands */
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

/** @param {"unit" | "db" | "start"} project  @param {{ args?: string[], env?: Record<string, string> }} options  @param {Say} say */
export function runVitest(project, { args = [], env = {} }, say) {
  const report = join(REPORTS, `${project}.json`);
  const command = [bin("vitest/vitest.mjs"), "run", "--project", project, "--reporter=default", "--reporter=json"];
  return runSuite(
    project,
    { command: [...command, `--outputFile.json=${report}`, ...args], report, tally: tallyVitest, env },
    say,
  );
}

/**
 * Without what takes a while by its nature; with `--slow`, that alone.
 * @param {{ args: string[], chromium: string, port: number }} options  @param {Say} say
 */
export function runPlaywright({ args, chromium, port }, say) {
  const report = join(REPORTS, "e2e.json");
  const env = { PLAYWRIGHT_CHROMIUM: chromium, PLAYWRIGHT_JSON_OUTPUT_NAME: report, STAGE_PORT: String(port) };
  const command = [bin("@playwright/test/cli.js"), "test", "--reporter=list,json", ...onlySlowOrQuick(args)];
  return runSuite("e2e", { command, report, tally: tallyPlaywright, env }, say);
}

/** The app behind real reverse proxies. @param {{ args: string[], chromium: string }} options  @param {Say} say */
export function runProxies({ args, chromium }, say) {
  const report = join(REPORTS, "proxies.json");
  const env = { PLAYWRIGHT_CHROMIUM: chromium, PLAYWRIGHT_JSON_OUTPUT_NAME: report };
  const config = join(ROOT, "e2e", "proxies", "playwright.config.ts");
  const command = [bin("@playwright/test/cli.js"), "test", "--config", config, "--reporter=list,json", ...args];
  return runSuite("proxies", { command, report, tally: tallyPlaywright, env }, say);
}

/** @param {string[]} args */
export function onlySlowOrQuick(args) {
  const rest = args.filter((arg) => arg !== "--slow");
  return [rest.length < args.length ? "--grep=@slow" : "--grep-invert=@slow", ...rest];
}

/** The fault lab's short run: an invariant counts as a test. @param {{ args: string[] }} options  @param {Say} say */
export function runLab({ args }, say) {
  const report = join(REPORTS, "lab.json");
  const command = [join(ROOT, "lab", "start.mjs"), "--short", "--report", report, ...args];
  return runSuite("lab", { command, report, tally: tallyLab, env: {} }, say);
}

/**
 * @param {string} name
 * @param {{ command: string[], report: string, tally: (report: any) => Tally, env: Record<string, string> }} suite
 * @param {Say} say
 * @returns {Promise<Outcome>}
 */
async function runSuite(name, { command, report, tally, env }, say) {
  rmSync(report, { force: true });
  const log = join(REPORTS, `${name}.log`);
  const onLine = (/** @type {string} */ line) => say(stripVTControlCharacters(line).trim());
  const { code, output } = await run(process.execPath, command, { log, env: { ...process.env, ...env }, onLine });
  const counted = existsSync(report) ? tally(JSON.parse(readFileSync(report, "utf8"))) : null;
  const judged = judgeRun(counted, code);
  say(closingLine(judged));
  return { tally: judged, log, output };
}

/** @param {string} path */
function bin(path) {
  return join(ROOT, "node_modules", path);
}
