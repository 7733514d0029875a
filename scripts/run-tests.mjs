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
import { claimFolders } from "./private-files.mjs";
import { buildOnce } from "./production-build.mjs";
import { paint } from "./progress.mjs";
import { REPORTS, checkFormat, checkTypes, onlySlowOrQuick, runPlaywright, runVitest } from "./test-checks.mjs";
import { addUp, closingLine } from "./test-report.mjs";

const NEWEST_MYSQL = "--newest-mysql";
const SHOWN_LINES = 80;

/**
 * @typedef {import("./test-checks.mjs").Outcome} Outcome
 * @typedef {import("./test-checks.mjs").Say} Say
 * @typedef {{ rest: string[], databaseUrl: string, chromium: string }} Means
 * @typedef {object} Part
 * @property {string} name
 * @property {("database" | "chromium" | "build")[]} [needs]
 * @property {boolean} [onRequest] runs only when it is named: it takes long, or needs what not everybody has
 * @property {(means: Means, say: Say) => Promise<Outcome>} run
 */

/** @type {Part[]} */
const PARTS = [
  { name: "format", run: checkFormat },
  { name: "types", run: checkTypes },
  { name: "unit", run: ({ rest }, say) => runVitest("unit", { args: rest }, say) },
  {
    name: "db",
    needs: ["database"],
    run: ({ rest, databaseUrl }, say) => runVitest("db", { args: rest, env: { TEST_DATABASE_URL: databaseUrl } }, say),
  },
  { name: "start", onRequest: true, run: ({ rest }, say) => runVitest("start", { args: rest }, say) },
  {
    name: "e2e",
    needs: ["chromium", "build"],
    run: async ({ rest, chromium }, say) => {
      onExit(() => stopServers(join(DATA, "e2e")));
      return runPlaywright({ args: onlySlowOrQuick(rest), chromium, port: await findFreePort() }, say);
    },
  },
];

/**
 * `npm test` runs the tests of the product; `npm test -- unit`, `-- db`, `-- e2e [arguments for the runner]`, `-- start` a part.
 * @param {string[]} args
 */
export async function runTests(args) {
  await runParts({ title: "all tests", parts: PARTS, args, report: "result.json" });
}

/**
 * Runs the parts that `args` name, or all but those on request, provides what they need, and writes the sum to `report`.
 * @param {{ title: string, parts: Part[], args: string[], report: string }} options
 */
export async function runParts({ title, parts, args, report }) {
  await runCli(async ({ step, print }) => {
    const { named, chosen, rest, onNewestMysql } = readArguments(args, parts);
    const needs = new Set(chosen.flatMap((part) => part.needs ?? []));
    /** @type {Map<string, Outcome>} */
    const outcomes = new Map();
    /** @param {string} name  @param {(say: Say) => Promise<Outcome>} work */
    const judge = async (name, work) => {
      const isGood = (/** @type {Outcome} */ { tally }) => tally.failed === 0;
      const outcome = await step(name[0]?.toUpperCase() + name.slice(1), work, isGood).catch(asOutcome);
      outcomes.set(name, outcome);
      return isGood(outcome);
    };

    claimFolders();
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
      if (!needs.includes("build") || isBuilt) await judge(name, (say) => run(means, say));
    }

    for (const [part, { tally, log, output }] of outcomes) {
      if (tally.failed === 0) continue;
      print(`\n${paint("red", `── ${part} ──`)}  ${log === "" ? "" : `the whole log: ${relative(ROOT, log)}`}\n`);
      print(`${output.trimEnd().split("\n").slice(-SHOWN_LINES).join("\n")}\n`);
    }
    const sum = addUp([...outcomes.values()].map(({ tally }) => tally));
    writeFileSync(join(REPORTS, report), JSON.stringify({ ...sum, server: database?.version }));
    print(`\n${closingLine(sum)}\n`);
    await exit(sum.failed === 0 ? 0 : 1);
  });
}

/** @param {string[]} args  @param {Part[]} [parts] */
export function readArguments(args, parts = PARTS) {
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

/** @param {Say} say  @returns {Promise<Outcome>} */
async function build(say) {
  await buildOnce(say);
  return { tally: addUp([]), log: "", output: "" };
}

/** @param {Say} say */
async function provideAny(say) {
  const directory = join(DATA, "test", "mysql");
  return share(directory, () => provideServer({ directory, say, fresh: true }), say);
}

/** @param {Say} say */
async function provideNewest(say) {
  const installation = await installUnstableMysql(say);
  const directory = unstableDirectory(ROOT);
  return share(directory, () => startPrivateServer({ directory, installation, fresh: true }), say);
}

/**
 * @param {string} directory  @param {() => Promise<import("./mysql/private-server.mjs").Server>} provide
 * @param {Say} say
 */
async function share(directory, provide, say) {
  const { server, release } = await shareServer({ directory, provide });
  onExit(release);
  say(server.version);
  return server;
}

/** @param {unknown} error  @returns {Outcome} */
function asOutcome(error) {
  if (!(error instanceof Error)) throw error;
  const output = error instanceof UserError ? error.message : (error.stack ?? "");
  return { tally: { passed: 0, failed: 1, skipped: 0 }, log: "", output };
}
