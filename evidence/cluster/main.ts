import { rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { currentBuild, environmentFor, type Build } from "@/evidence/fault-lab/instance";
import { Lab, type Lifetimes } from "@/evidence/fault-lab/lab";
import { Results } from "@/evidence/fault-lab/results";
import { Stack } from "@/evidence/fault-lab/stack";
import { Random } from "@/evidence/random";
import { runProgram } from "@/evidence/run-program";
import { onExit } from "@/scripts/lifecycle.mjs";
import { buildOnce } from "@/scripts/production-build.mjs";
import { measureCosts, stopCostServers, writeCosts } from "./cost";
import { writeRows } from "./document";
import { runEpisode, type Load } from "./episode";
import { runTestsOnGalera } from "./galera-tests";
import { buildCommit } from "./older-build";
import { FULL_LOAD, SETUP_NAMES, SETUPS, SHORT_LOAD, SHORT_RUN, USAGE, type SetupName } from "./options";
import { printRow, violationsOf } from "./report";
import type { Row } from "./row";
import type { Say, SetupDescription } from "./setup";
import { FOLDER, startServers, stopAllServers, stopKind } from "./start-servers";

/** Access tokens live long, because an instance remembers a revocation for as long as one; browsers forget theirs instead. */
const LIFETIMES: Lifetimes = { accessSeconds: 60, beforeExpirySeconds: 10, graceSeconds: 6, idleSeconds: 600 };
const LOGS = join(FOLDER, "logs");

await runProgram("cluster", USAGE, async (options, { step, print }) => {
  const seed = options.seed ?? Math.floor(Math.random() * 2 ** 31);
  const { only, short, write } = options;
  const chosen = SETUP_NAMES.filter((name) =>
    only.length > 0 ? only.includes(name) : !short || SHORT_RUN.includes(name),
  );
  const load = short ? SHORT_LOAD : FULL_LOAD;
  print(`\n  Portcullis  cluster, --seed ${seed}\n\n`);
  rmSync(LOGS, { recursive: true, force: true });
  onExit(stopAllServers);

  const commit = options["build-of"];
  const older = commit === undefined ? null : await step("Build", (say) => buildCommit(commit, LOGS, say));
  if (older === null && chosen.length > 0) await step("Build", buildOnce);
  const build = older ?? currentBuild("cluster");
  const rows: Row[] = [];
  const kindOf = (name: SetupName) => SETUPS[name].servers;
  const runKind = async (names: readonly SetupName[]) => {
    for (const name of names) {
      const random = new Random(seed).stream(name);
      const row = await step(
        name,
        (say) => runSetup(name, build, random, load, say),
        (one) => one.hasHeld,
      );
      printRow(row, print);
      rows.push(row);
    }
    await stopKind(kindOf(names[0]!));
  };
  const kinds = [...new Set(chosen.map(kindOf))].map((kind) => chosen.filter((name) => kindOf(name) === kind));
  // A run waits for windows to end most of the time.
  if (short) await finishAll(kinds.map(runKind));
  else for (const names of kinds) await runKind(names);
  let hasHeld = rows.every((row) => row.hasHeld);
  if (write && rows.length > 0) {
    if (older === null) writeRows("this build", rows, `\`npm run cluster -- --write\`, ${load.browsers} browsers.`);
    else writeRows("older build", rows, `\`npm run cluster -- --build-of ${commit} --write\`: “${older.subject}”.`);
  }

  if (only.includes("galera-tests")) {
    const results = await step("Tests", runTestsOnGalera, (all) =>
      all.every(({ unexpected }) => unexpected.length === 0),
    );
    for (const { name, unexpected, log } of results) {
      print(`  ${name}\n`);
      for (const title of unexpected) print(`    failed: ${title}\n`);
      if (unexpected.length > 0) print(`    log: ${log}\n`);
    }
    hasHeld &&= results.every(({ unexpected }) => unexpected.length === 0);
  }
  if (only.includes("cost")) {
    onExit(stopCostServers);
    const table = await step("Cost", measureCosts);
    print(`\n${table}\n\n`);
    if (write) writeCosts(table);
  }
  if (options.report !== undefined)
    writeFileSync(options.report, JSON.stringify({ invariants: violationsOf(rows), rows }));
  return hasHeld;
});

/** Rejects when all have finished: an error in one must not take the servers of the others away. */
async function finishAll(runs: readonly Promise<void>[]): Promise<void> {
  await Promise.allSettled(runs);
  await Promise.all(runs);
}

async function runSetup(name: SetupName, build: Build, random: Random, load: Load, say: Say): Promise<Row> {
  say("servers");
  const setup = await startServers(name, say);
  const [first, second] = setup.nodes;
  const { namesAllServers: isNamingAll = false }: SetupDescription = SETUPS[name];
  const balancing = random.stream("load balancer");
  say("two instances");
  const stack = await Stack.start({
    server: first.server,
    secondServer: second.server,
    environment: environmentFor(LIFETIMES),
    random: () => balancing.next(),
    user: "portcullis",
    ports: isNamingAll ? setup.all.map(({ port }) => port) : undefined,
    build: { ...build, logs: join(LOGS, name) },
  });
  onExit(() => stack.stop());
  const lab = new Lab(stack, new Results(), random, LIFETIMES);
  try {
    return await runEpisode(lab, setup, SETUPS[name], load, say);
  } finally {
    await stack.stop();
    await setup.repair?.();
  }
}
