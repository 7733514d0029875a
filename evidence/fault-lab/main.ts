import { rmSync } from "node:fs";
import { join } from "node:path";
import { Random } from "@/evidence/random";
import { runProgram } from "@/evidence/run-program";
import { onExit } from "@/scripts/lifecycle.mjs";
import { provideServer } from "@/scripts/mysql/provide.mjs";
import { DATA } from "@/scripts/paths.mjs";
import { buildOnce } from "@/scripts/production-build.mjs";
import { runAttacks } from "./attacks/run-attacks";
import { testCrashPoints } from "./crash-points";
import { runFaultScenarios } from "./fault-scenarios";
import { environmentFor } from "./instance";
import { Lab, type Lifetimes } from "./lab";
import { checkLogs } from "./log-checks";
import { testMigrationCrashes } from "./migration-crashes";
import { readOptions, USAGE, type Stage } from "./options";
import { printReport } from "./report";
import { Results } from "./results";
import { runSoak } from "./soak";
import { Stack } from "./stack";

const FOLDER = join(DATA, "lab");
const PRODUCTION_LIFETIMES: Lifetimes = {
  accessSeconds: 600,
  beforeExpirySeconds: 60,
  graceSeconds: 30,
  idleSeconds: 604_800,
};

/** Far below half the grace window, because attacks delay the timers of the clients and the load balancer, which share a process. */
const ATTACK_TIMEOUT_MILLISECONDS = 3000;

await runProgram("lab", USAGE, async (values, { step, print }) => {
  const options = readOptions(values);
  const random = new Random(options.seed);
  const results = new Results();
  print(`\n  Portcullis  fault lab, --seed ${options.seed}\n\n`);
  rmSync(join(FOLDER, "logs"), { recursive: true, force: true });

  await step("Build", buildOnce);
  // Production lifetimes: outside the soak, time passes by changing rows.
  const stack = await step("Stack", async (say) => {
    const server = await provideServer({ directory: join(FOLDER, "mysql"), onProgress: say, fresh: true });
    onExit(server.stop);
    onExit(server.resume);
    const balancing = random.stream("load balancer");
    const environment = environmentFor(PRODUCTION_LIFETIMES);
    const started = await Stack.start({ server, environment, random: () => balancing.next() });
    onExit(() => started.stop());
    say(`two instances on ${server.version}`);
    return started;
  });

  const includes = (stage: Stage) => options.stages.includes(stage);
  const idleLab = new Lab(stack, results, random.stream("idle"), PRODUCTION_LIFETIMES);
  if (includes("crashes")) await step("Crashes", (say) => testCrashPoints(idleLab, options.isShort, say));
  if (includes("faults")) await step("Faults", (say) => runFaultScenarios(idleLab, options.isShort, say));
  const migrations = () => step("Migrations", (say) => testMigrationCrashes(idleLab, options.isShort, say));
  if (includes("migrations") && !options.isShort) await migrations();

  if (includes("attacks")) {
    const draws = random.stream("attacks");
    const attackLab = new Lab(stack, results, draws, PRODUCTION_LIFETIMES, ATTACK_TIMEOUT_MILLISECONDS);
    await step("Attacks", (say) => runAttacks(attackLab, options.attacks, say));
  }

  const soakLab = new Lab(stack, results, random.stream("soak"), options.lifetimes);
  await Promise.all([
    includes("soak") &&
      step("Soak", async (say) => {
        await stack.restartWith(environmentFor(options.lifetimes));
        await runSoak(soakLab, options.soak, say);
      }),
    includes("migrations") && options.isShort && migrations(),
  ]);

  await step("Logs", async () => {
    await checkLogs(
      stack.instances.flatMap(({ logs }) => logs),
      results,
    );
    for (const { unexpectedExits, index } of stack.instances) {
      results.check(
        "no errors",
        unexpectedExits === 0,
        () => `instance ${index} exited unexpectedly ${unexpectedExits} times`,
      );
    }
  });
  return printReport(options, stack, results, print);
});
