import { rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { currentBuild } from "@/evidence/fault-lab/instance";
import { runProgram } from "@/evidence/run-program";
import { onExit } from "@/scripts/lifecycle.mjs";
import { buildOnce } from "@/scripts/production-build.mjs";
import { measureCosts, stopCostServers, writeCosts } from "./cost";
import { writeRow, writeTests } from "./document";
import { runTestsOnGalera, type GaleraTests } from "./galera-tests";
import { buildCommit } from "./older-build";
import { FULL_LOAD, SETUP_NAMES, SHORT_LOAD, SHORT_RUN, USAGE } from "./options";
import { printTests, violationsOf } from "./report";
import type { Row } from "./row";
import { runSetups } from "./run-setups";
import { FOLDER, stopAllServers } from "./start-servers";

const LOGS = join(FOLDER, "logs");

await runProgram("cluster", USAGE, async (options, progress) => {
  const { only, short, write, seed = Math.floor(Math.random() * 2 ** 31), "build-of": commit } = options;
  const { step, print } = progress;
  const names = SETUP_NAMES.filter((name) =>
    only.length > 0 ? only.includes(name) : !short || SHORT_RUN.includes(name),
  );
  print(`\n  Portcullis  cluster, --seed ${seed}\n\n`);
  rmSync(LOGS, { recursive: true, force: true });
  onExit(stopAllServers);
  let hasHeld = true;

  const rows: Row[] = [];
  if (names.length > 0) {
    const older = commit === undefined ? null : await step("Build", (say) => buildCommit(commit, LOGS, say));
    if (older === null) await step("Build", buildOnce);
    const onRow = (row: Row) => {
      rows.push(row);
      if (write) writeRow(older === null ? "this build" : "older build", row);
    };
    const load = short ? SHORT_LOAD : FULL_LOAD;
    const build = older ?? currentBuild("cluster");
    // A run waits for grace windows to end most of the time.
    hasHeld = await runSetups({ names, build, seed, load, isConcurrent: short || options.concurrent, onRow }, progress);
  }

  if (only.includes("galera-tests")) {
    const isGood = ({ problems }: GaleraTests) => problems.length === 0;
    const results = await step("Tests", runTestsOnGalera, (all) => all.every(isGood));
    for (const one of results) printTests(one, print);
    if (write) writeTests(results);
    hasHeld &&= results.every(isGood);
  }

  if (only.includes("cost")) {
    onExit(stopCostServers);
    const table = await step("Cost", measureCosts);
    print(`\n${table}\n\n`);
    if (write) writeCosts(table);
  }

  const report = JSON.stringify({ invariants: violationsOf(rows), rows });
  if (options.report !== undefined) writeFileSync(options.report, report);
  return hasHeld;
});
