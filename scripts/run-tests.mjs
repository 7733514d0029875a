import { mkdirSync, writeFileSync } from "node:fs";
import { join, relative } from "node:path";
import { provideChromium } from "./chromium.mjs";
import { installPackages } from "./install.mjs";
import { exit, onExit } from "./lifecycle.mjs";
import { findServerPort } from "./loopback.mjs";
import { installUnstableMysql, unstableDirectory } from "./mysql/debian-unstable.mjs";
import { stopServers, startPrivateServer } from "./mysql/private-server.mjs";
import { provideServer } from "./mysql/provide.mjs";
import { shareServer } from "./mysql/sharing.mjs";
import { UserError } from "./user-error.mjs";
import { DATA, ROOT } from "./paths.mjs";
import { runCli } from "./run-cli.mjs";
import { prepareFolders } from "./private-files.mjs";
import { buildOnce } from "./production-build.mjs";
import { paint } from "./progress.mjs";
import { REPORTS, checkFormat, checkTypes, filterSlowTests, runPlaywright, runVitest } from "./test-checks.mjs";
import { sumTallies, summaryLine } from "./test-report.mjs";

const NEWEST_MYSQL = "--newest-mysql";
const SHOWN_LINES = 80;

/**
 * @typedef {import("./test-checks.mjs").Outcome} Outcome
 * @typedef {import("./test-checks.mjs").OnProgress} OnProgress
 * @typedef {{ rest: string[], databaseUrl: string, chromium: string }} Resources
 * @typedef {object} Suite
 * @property {string} name
 * @property {("database" | "chromium" | "build")[]} [needs]
 * @property {boolean} [onRequest] runs only when named: it is slow, or needs programs that are not always installed
 * @property {(resources: Resources, onProgress: OnProgress) => Promise<Outcome>} run
 */

/** @type {Suite[]} */
const SUITES = [
  { name: "format", run: checkFormat },
  { name: "types", run: checkTypes },
  { name: "unit", run: ({ rest }, onProgress) => runVitest("unit", { args: rest }, onProgress) },
  {
    name: "db",
    needs: ["database"],
    run: ({ rest, databaseUrl }, onProgress) =>
      runVitest("db", { args: rest, env: { TEST_DATABASE_URL: databaseUrl } }, onProgress),
  },
  { name: "start", onRequest: true, run: ({ rest }, onProgress) => runVitest("start", { args: rest }, onProgress) },
  {
    name: "e2e",
    needs: ["chromium", "build"],
    run: async ({ rest, chromium }, onProgress) => {
      onExit(() => stopServers(join(DATA, "e2e")));
      return runPlaywright({ args: filterSlowTests(rest), chromium, port: await findServerPort() }, onProgress);
    },
  },
];

/**
 * `npm test` runs all suites of the product; `npm test -- unit`, `-- db`, `-- e2e [arguments for the runner]`, `-- start` run one.
 * @param {string[]} args
 */
export async function runTests(args) {
  await runSuites({ title: "all tests", suites: SUITES, args, report: "result.json" });
}

/**
 * Runs the suites named in `args`, or all except those on request, provides their requirements, and writes the totals to
 * `report`.
 * @param {{ title: string, suites: Suite[], args: string[], report: string }} options
 */
export async function runSuites({ title, suites, args, report }) {
  await runCli(async ({ step, print }) => {
    const { named, chosen, rest, onNewestMysql } = readArguments(args, suites);
    const needs = new Set(chosen.flatMap((suite) => suite.needs ?? []));
    /** @type {Map<string, Outcome>} */
    const outcomes = new Map();
    /** @param {string} name  @param {(onProgress: OnProgress) => Promise<Outcome>} work */
    const runAndRecord = async (name, work) => {
      const isGood = (/** @type {Outcome} */ { tally }) => tally.failed === 0;
      const outcome = await step(name[0]?.toUpperCase() + name.slice(1), work, isGood).catch(toOutcome);
      outcomes.set(name, outcome);
      return isGood(outcome);
    };

    prepareFolders();
    mkdirSync(REPORTS, { recursive: true });
    print(`\n  ${paint("bold", "Portcullis")}  ${named.length === 0 ? title : named.join(", ")}\n\n`);
    const [, database] = await Promise.all([
      step("Packages", installPackages),
      needs.has("database") ? step("MySQL", onNewestMysql ? provideNewest : provideAny) : undefined,
    ]);
    const chromium = needs.has("chromium") ? await step("Chromium", provideChromium) : "";
    const resources = { rest, databaseUrl: database?.url ?? "", chromium };

    // Sequential: each suite uses all cores.
    /** @type {boolean | undefined} */
    let isBuilt;
    for (const { name, needs = [], run } of chosen) {
      if (needs.includes("build")) isBuilt ??= await runAndRecord("build", build);
      if (!needs.includes("build") || isBuilt) await runAndRecord(name, (onProgress) => run(resources, onProgress));
    }

    for (const [suite, { tally, log, output }] of outcomes) {
      if (tally.failed === 0) continue;
      print(`\n${paint("red", `── ${suite} ──`)}  ${log === "" ? "" : `full log: ${relative(ROOT, log)}`}\n`);
      print(`${output.trimEnd().split("\n").slice(-SHOWN_LINES).join("\n")}\n`);
    }
    const sum = sumTallies([...outcomes.values()].map(({ tally }) => tally));
    writeFileSync(join(REPORTS, report), JSON.stringify({ ...sum, server: database?.version }));
    print(`\n${summaryLine(sum)}\n`);
    await exit(sum.failed === 0 ? 0 : 1);
  });
}

/** @param {string[]} args  @param {Suite[]} [suites] */
export function readArguments(args, suites = SUITES) {
  const names = suites.map(({ name }) => name);
  const first = args.findIndex((arg) => !names.includes(arg) && arg !== NEWEST_MYSQL);
  const named = first === -1 ? args : args.slice(0, first);
  const rest = first === -1 ? [] : args.slice(first);
  const selected = suites.filter(({ name }) => named.includes(name));
  if (rest.length > 0 && selected.length !== 1) {
    throw new UserError(`Name one suite (${names.join(", ")}) before ${rest.join(" ")}.`);
  }
  const chosen = selected.length > 0 ? selected : suites.filter(({ onRequest }) => !onRequest);
  return { named, chosen, rest, onNewestMysql: named.includes(NEWEST_MYSQL) };
}

/** @param {OnProgress} onProgress  @returns {Promise<Outcome>} */
async function build(onProgress) {
  await buildOnce(onProgress);
  return { tally: sumTallies([]), log: "", output: "" };
}

/** @param {OnProgress} onProgress */
async function provideAny(onProgress) {
  const directory = join(DATA, "test", "mysql");
  return shareTestServer(directory, () => provideServer({ directory, onProgress, fresh: true }), onProgress);
}

/** @param {OnProgress} onProgress */
async function provideNewest(onProgress) {
  const installation = await installUnstableMysql(onProgress);
  const directory = unstableDirectory(ROOT);
  return shareTestServer(directory, () => startPrivateServer({ directory, installation, fresh: true }), onProgress);
}

/**
 * @param {string} directory  @param {() => Promise<import("./mysql/private-server.mjs").Server>} provide
 * @param {OnProgress} onProgress
 */
async function shareTestServer(directory, provide, onProgress) {
  const { server, release } = await shareServer({ directory, provide });
  onExit(release);
  onProgress(server.version);
  return server;
}

/** @param {unknown} error  @returns {Outcome} */
function toOutcome(error) {
  if (!(error instanceof Error)) throw error;
  const output = error instanceof UserError ? error.message : (error.stack ?? "");
  return { tally: { passed: 0, failed: 1, skipped: 0 }, log: "", output };
}
