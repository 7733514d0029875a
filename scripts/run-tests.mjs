import { mkdirSync, writeFileSync } from "node:fs";
import { join, relative } from "node:path";
import { provideChromium } from "./chromium.mjs";
import { installPackages } from "./install.mjs";
import { leave, onLeave } from "./lifecycle.mjs";
import { findFreePort } from "./loopback.mjs";
import { installUnstableMysql, unstableDirectory } from "./mysql/debian-unstable.mjs";
import { forgetServers, startPrivateServer } from "./mysql/private-server.mjs";
import { provideServer } from "./mysql/provide.mjs";
import { shareServer } from "./mysql/sharing.mjs";
import { Obstacle } from "./obstacle.mjs";
import { DATA, ROOT } from "./paths.mjs";
import { perform } from "./perform.mjs";
import { claimFolders } from "./private-files.mjs";
import { buildOnce } from "./production-build.mjs";
import { paint } from "./progress.mjs";
import { providePrograms } from "./proxies.mjs";
import { REPORTS, checkFormat, checkTypes, runLab, runPlaywright, runProxies, runVitest } from "./test-checks.mjs";
import { addUp, closingLine } from "./test-report.mjs";

const PARTS = ["format", "types", "unit", "db", "e2e", "lab", "proxies", "start"];
/** What needs programs that not everybody has, or builds clones of its own, runs when it is named. */
const ON_REQUEST = ["proxies", "start"];
const ON_THE_BUILD = ["e2e", "lab", "proxies"];
const NEWEST_MYSQL = "--newest-mysql";
const SHOWN_LINES = 80;

/**
 * @typedef {import("./test-checks.mjs").Outcome} Outcome
 * @typedef {import("./test-checks.mjs").Say} Say
 */

/**
 * `npm test` runs everything but the proxies; `npm test -- unit`, `-- db`, `-- e2e [arguments for the runner]`, `-- lab [arguments]`,
 * `-- proxies [arguments for the runner]`, `-- start` a part.
 * @param {string[]} args
 */
export async function runTests(args) {
  await perform(async ({ step, print }) => {
    const { named, chosen, rest, onNewestMysql } = readArguments(args);
    const wants = (/** @type {string} */ part) =>
      chosen.length === 0 ? !ON_REQUEST.includes(part) : chosen.includes(part);
    /** @type {Map<string, Outcome>} */
    const outcomes = new Map();
    /** @param {string} part  @param {(say: Say) => Promise<Outcome>} work */
    const judge = async (part, work) => {
      if (!wants(part)) return;
      const isGood = (/** @type {Outcome} */ { tally }) => tally.failed === 0;
      outcomes.set(part, await step(part[0]?.toUpperCase() + part.slice(1), work, isGood).catch(asOutcome));
    };

    claimFolders();
    mkdirSync(REPORTS, { recursive: true });
    print(`\n  ${paint("bold", "Portcullis")}  ${named.length === 0 ? "all tests" : named.join(", ")}\n\n`);
    const [, database] = await Promise.all([
      step("Packages", installPackages),
      wants("db") ? step("MySQL", onNewestMysql ? provideNewest : provideAny) : undefined,
    ]);
    const chromium = wants("e2e") || wants("proxies") ? await step("Chromium", provideChromium) : "";

    // One after the other: each keeps all cores busy by itself, and tests that look at time need them.
    await judge("format", checkFormat);
    await judge("types", checkTypes);
    await judge("unit", (say) => runVitest("unit", { args: rest }, say));
    await judge("db", (say) => runVitest("db", { args: rest, env: { TEST_DATABASE_URL: database?.url ?? "" } }, say));
    await judge("start", (say) => runVitest("start", { args: rest }, say));
    await judge("build", build);
    if (outcomes.get("build")?.tally.failed === 0) {
      const port = await findFreePort();
      onLeave(() => forgetServers(join(DATA, "e2e")));
      await judge("e2e", (say) => runPlaywright({ args: rest, chromium, port }, say));
      await judge("lab", (say) => runLab({ args: rest }, say));
      await judge("proxies", async (say) => {
        await providePrograms(["caddy", "nginx", "haproxy", "certutil", "ip"], say);
        onLeave(() => forgetServers(join(DATA, "proxies")));
        return runProxies({ args: rest, chromium }, say);
      });
    }

    for (const [part, { tally, log, output }] of outcomes) {
      if (tally.failed === 0) continue;
      print(`\n${paint("red", `── ${part} ──`)}  ${log === "" ? "" : `the whole log: ${relative(ROOT, log)}`}\n`);
      print(`${output.trimEnd().split("\n").slice(-SHOWN_LINES).join("\n")}\n`);
    }
    const sum = addUp([...outcomes.values()].map(({ tally }) => tally));
    writeFileSync(join(REPORTS, "result.json"), JSON.stringify({ ...sum, server: database?.version }));
    print(`\n${closingLine(sum)}\n`);
    await leave(sum.failed === 0 ? 0 : 1);
  });
}

/** @param {string[]} args */
export function readArguments(args) {
  const first = args.findIndex((arg) => !PARTS.includes(arg) && arg !== NEWEST_MYSQL);
  const named = first === -1 ? args : args.slice(0, first);
  const rest = first === -1 ? [] : args.slice(first);
  const chosen = PARTS.filter((part) => named.includes(part));
  if (rest.length > 0 && chosen.length !== 1) {
    throw new Obstacle(`Name one of ${PARTS.join(", ")} before ${rest.join(" ")}.`);
  }
  return {
    named,
    chosen: chosen.some((part) => ON_THE_BUILD.includes(part)) ? [...chosen, "build"] : chosen,
    rest,
    onNewestMysql: named.includes(NEWEST_MYSQL),
  };
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
  onLeave(release);
  say(server.version);
  return server;
}

/** @param {unknown} error  @returns {Outcome} */
function asOutcome(error) {
  if (!(error instanceof Error)) throw error;
  const output = error instanceof Obstacle ? error.message : (error.stack ?? "");
  return { tally: { passed: 0, failed: 1, skipped: 0 }, log: "", output };
}
