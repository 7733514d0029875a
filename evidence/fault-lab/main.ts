import { rmSync } from "node:fs";
import { join } from "node:path";
import { exit, onExit } from "@/scripts/lifecycle.mjs";
import { withLock } from "@/scripts/lock.mjs";
import { provideServer } from "@/scripts/mysql/provide.mjs";
import { DATA } from "@/scripts/paths.mjs";
import { runCli } from "@/scripts/run-cli.mjs";
import { buildOnce } from "@/scripts/production-build.mjs";
import { checkLogs } from "./log-checks";
import { testMigrationCrashes } from "./migration-crashes";
import { testCrashPoints } from "./crash-points";
import { runFaultScenarios } from "./fault-scenarios";
import { readOptions, type Stage } from "./options";
import type { Environment } from "./instance";
import { Random } from "@/evidence/random";
import { printReport } from "./report";
import { runSoak } from "./soak";
import { Stack } from "./stack";
import { Results } from "./results";
import { Lab, type Lifetimes } from "./lab";

const FOLDER = join(DATA, "lab");
const PRODUCTION_LIFETIMES: Lifetimes = {
  accessSeconds: 600,
  beforeExpirySeconds: 60,
  graceSeconds: 30,
  idleSeconds: 604_800,
};

// The servers that were started must not outlive whatever went wrong.
process.once("uncaughtException", (error) => {
  console.error(error);
  void exit(1);
});

await withLock(`${FOLDER}.lock`, () =>
  runCli(async ({ step, print }) => {
    const options = readOptions(process.argv.slice(2));
    const random = new Random(options.seed);
    const results = new Results();
    print(`\n  Portcullis  fault lab, --seed ${options.seed}\n\n`);
    rmSync(join(FOLDER, "logs"), { recursive: true, force: true });

    await step("Build", buildOnce);
    // Without crowds the lives are those of a production: where time has to pass, the rows are made older.
    const stack = await step("Stack", async (say) => {
      const server = await provideServer({ directory: join(FOLDER, "mysql"), say });
      onExit(server.stop);
      onExit(server.resume);
      const front = random.stream("front");
      const started = await Stack.start(server, environmentFor(PRODUCTION_LIFETIMES), () => front.next());
      onExit(() => started.stop());
      say(`two instances on ${server.version}`);
      return started;
    });

    const wants = (stage: Stage) => options.stages.includes(stage);
    const quiet = new Lab(stack, results, random.stream("quiet"), PRODUCTION_LIFETIMES);
    if (wants("crashes")) await step("Crashes", (say) => testCrashPoints(quiet, options.isShort, say));
    if (wants("faults")) await step("Faults", (say) => runFaultScenarios(quiet, options.isShort, say));
    const migrations = () => step("Migrations", (say) => testMigrationCrashes(quiet, options.isShort, say));
    if (wants("migrations") && !options.isShort) await migrations();

    const busy = new Lab(stack, results, random.stream("busy"), options.lifetimes);
    await Promise.all([
      wants("soak") &&
        step("Soak", async (say) => {
          await stack.restartWith(environmentFor(options.lifetimes));
          await runSoak(busy, options.soak, say);
        }),
      wants("migrations") && options.isShort && migrations(),
    ]);

    await step("Logs", async () => {
      await checkLogs(
        stack.instances.flatMap(({ logs }) => logs),
        results,
      );
      for (const { unexpectedExits, index } of stack.instances) {
        results.check(
          "no fault",
          unexpectedExits === 0,
          () => `instance ${index} ended by itself ${unexpectedExits} times`,
        );
      }
    });
    await exit(printReport(options, stack, results, print) ? 0 : 1);
  }),
);

function environmentFor(lifetimes: Lifetimes): Environment {
  return {
    ACCESS_TOKEN_SECONDS: String(lifetimes.accessSeconds),
    REFRESH_BEFORE_EXPIRY_SECONDS: String(lifetimes.beforeExpirySeconds),
    REFRESH_GRACE_SECONDS: String(lifetimes.graceSeconds),
    REFRESH_TOKEN_SECONDS: String(lifetimes.idleSeconds),
  };
}
