import { mkdirSync, writeFileSync } from "node:fs";
import { join, relative } from "node:path";
import { provideChromium } from "./chromium.mjs";
import { installPackages } from "./install.mjs";
import { exit, onExit } from "./lifecycle.mjs";
import { findFreePort } from "./loopback.mjs";
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
 * @typedef {{ rest: string[], databaseUrl: string, chromium: string }} Means
 * @typedef {object} Part
 * @property {string} name
 * @property {("database" | "chromium" | "build")[]} [needs]
 * @property {boolean} [onRequest] runs only when it is named: it takes long, or needs what not everybody has
 * @property {(means: Means, onProgress: OnProgress) => Promise<Outcome>} run
 */

/** @type {Part[]} */
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
      return runPlaywright({ args: filterSlowTests(rest), chromium, port: await findFreePort() }, onProgress);
    },
  },
];

/**
 * `npm test` runs the tests of the product; `npm test -- unit`, `-- db`, `-- e2e [arguments for the runner]`, `-- start` a part.
 * @param {string[]} args
 */
export async function runTests(args) {
  await runSuites({ title: "all tests", parts: SUITES, args, report: "result.json" });
}

/**
 * Runs the parts that `args` name, or all but those on request, provides what they need, and writes the sum to `report`.
 * @param {{ title: string, parts: Part[], args: string[], report: string }} options
 */
export async function runSuites({ title, parts, args, report }) {
  await runCli(async ({ step, print }) => {
    const { named, chosen, rest, onNewestMysql } = readArguments(args, parts);
    const needs = new Set(chosen.flatMap((part) => part.needs ?? []));
    /** @type {Map<string, Outcome>} */
    const outcomes = new Map();
    /** @param {string} name  @param {(onProgress: OnProgress) => Promise<Outcome>} work */
    const judge = async (name, work) => {
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
    const means = { rest, databaseUrl: database?.url ?? "", chromium };

    // One after the other: each keeps all cores busy by itself.
    /** @type {boolean | undefined} */
    let isBuilt;
    for (const { name, needs = [], run } of chosen) {
      if (needs.includes("build")) isBuilt ??= await judge("build", build);
      if (!needs.includes("build") || isBuilt) await judge(name, (onProgress) => run(means, onProgress));
    }

    for (const [part, { tally, log, output }] of outcomes) {
      if (tally.failed === 0) continue;
      print(`\n${paint("red", `── ${part} ──`)}  ${log === "" ? "" : `the whole log: ${relative(ROOT, log)}`}\n`);
      print(`${output.trimEnd().split("\n").slice(-SHOWN_LINES).join("\n")}\n`);
    }
    const sum = sumTallies([...outcomes.values()].map(({ tally }) => tally));
    writeFileSync(join(REPORTS, report), JSON.stringify({ ...sum, server: database?.version }));
    print(`\n${summaryLine(sum)}\n`);
    await exit(sum.failed === 0 ? 0 : 1);
  });
}

/** @param {string[]} args  @param {Part[]} [parts] */
export function readArguments(args, parts = SUITES) {
  const names = parts.map(({ name }) => name);
  const first = args.findIndex((arg) => !names.includes(arg) && arg !== NEWEST_MYSQL);
  const named = first === -1 ? args : args.slice(0, first);
  const rest = first === -1 ? [] : args.slice(first);
  const asked = parts.filter(({ name }) => named.includes(name));
  if (rest.length > 0 && asked.length !== 1) {
    throw new UserError(`Name one of ${names.join(", ")} before ${rest.join(" ")}.`);
  }
  const chosen = asked.length > 0 ? asked : parts.filter(({ onRequest }) => !onRequest);
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
