import { rmSync } from "node:fs";
import { join } from "node:path";
import { exit, onExit } from "@/scripts/lifecycle.mjs";
import { withLock } from "@/scripts/lock.mjs";
import { provideServer } from "@/scripts/mysql/provide.mjs";
import { DATA } from "@/scripts/paths.mjs";
import { runCli } from "@/scripts/run-cli.mjs";
import { buildOnce } from "@/scripts/production-build.mjs";
import { readLogs } from "./log-checks";
import { strikeMigrations } from "./migration-crashes";
import { strikeEverywhere } from "./crash-points";
import { bringFaults } from "./fault-scenarios";
import { readOptions, type Stage } from "./options";
import type { Variables } from "./instance";
import { Random } from "@/evidence/random";
import { report } from "./report";
import { soak } from "./soak";
import { Stack } from "./stack";
import { Tally } from "./results";
import { World, type Lives } from "./lab";

const FOLDER = join(DATA, "lab");
const PRODUCTION: Lives = { accessSeconds: 600, beforeExpirySeconds: 60, graceSeconds: 30, idleSeconds: 604_800 };

// The servers that were started must not outlive whatever went wrong.
process.once("uncaughtException", (error) => {
  console.error(error);
  void exit(1);
});

await withLock(`${FOLDER}.lock`, () =>
  runCli(async ({ step, print }) => {
    const options = readOptions(process.argv.slice(2));
    const random = new Random(options.seed);
    const tally = new Tally();
    print(`\n  Portcullis  fault lab, --seed ${options.seed}\n\n`);
    rmSync(join(FOLDER, "logs"), { recursive: true, force: true });

    await step("Build", buildOnce);
    // Without crowds the lives are those of a production: where time has to pass, the rows are made older.
    const stack = await step("Stack", async (say) => {
      const server = await provideServer({ directory: join(FOLDER, "mysql"), say });
      onExit(server.stop);
      onExit(server.resume);
      const front = random.stream("front");
      const started = await Stack.start(server, variablesOf(PRODUCTION), () => front.next());
      onExit(() => started.stop());
      say(`two instances on ${server.version}`);
      return started;
    });

    const wants = (stage: Stage) => options.stages.includes(stage);
    const quiet = new World(stack, tally, random.stream("quiet"), PRODUCTION);
    if (wants("crashes")) await step("Crashes", (say) => strikeEverywhere(quiet, options.isShort, say));
    if (wants("faults")) await step("Faults", (say) => bringFaults(quiet, options.isShort, say));
    const migrations = () => step("Migrations", (say) => strikeMigrations(quiet, options.isShort, say));
    if (wants("migrations") && !options.isShort) await migrations();

    const busy = new World(stack, tally, random.stream("busy"), options.lives);
    await Promise.all([
      wants("soak") &&
        step("Soak", async (say) => {
          await stack.restartWith(variablesOf(options.lives));
          await soak(busy, options.soak, say);
        }),
      wants("migrations") && options.isShort && migrations(),
    ]);

    await step("Logs", async () => {
      await readLogs(
        stack.instances.flatMap(({ logs }) => logs),
        tally,
      );
      for (const { endedByItself, index } of stack.instances) {
        tally.expect("no fault", endedByItself === 0, () => `instance ${index} ended by itself ${endedByItself} times`);
      }
    });
    await exit(report(options, stack, tally, print) ? 0 : 1);
  }),
);

function variablesOf(lives: Lives): Variables {
  return {
    ACCESS_TOKEN_SECONDS: String(lives.accessSeconds),
    REFRESH_BEFORE_EXPIRY_SECONDS: String(lives.beforeExpirySeconds),
    REFRESH_GRACE_SECONDS: String(lives.graceSeconds),
    REFRESH_TOKEN_SECONDS: String(lives.idleSeconds),
  };
}
