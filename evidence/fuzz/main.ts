import { join } from "node:path";
import { runProgram } from "@/evidence/run-program";
import { onExit } from "@/scripts/lifecycle.mjs";
import { provideServer } from "@/scripts/mysql/provide.mjs";
import { DATA } from "@/scripts/paths.mjs";
import { buildOnce } from "@/scripts/production-build.mjs";
import { runConnectionAttacks } from "./connection-attacks";
import { FuzzWorker, type Finding } from "./fuzz-worker";
import { analyzeMemory, type Sample } from "./memory";
import { runMutations } from "./mutation-test";
import { readOptions, USAGE } from "./options";
import { printReport } from "./report";
import { checkResourceExhaustion } from "./resource-exhaustion";
import { RunStatistics } from "./run-statistics";
import { runSmokeTest } from "./smoke-test";
import { Target } from "./target";
import { hashTestPassword } from "./test-user";

const FOLDER = join(DATA, "fuzz");
const WORKERS = 4;
const ROUNDS = 24;

await runProgram("fuzz", USAGE, async (values, { step, print }) => {
  const options = readOptions(values);
  if (values.mutate) return runMutations(values.operands, print);
  const statistics = new RunStatistics();
  const findings: Finding[] = [];
  const samples: Sample[] = [];
  print(`\n  Portcullis  fuzzer, --seed ${options.seed}\n\n`);

  await step("Build", buildOnce);
  const target = await step("App", async (say) => {
    const server = await provideServer({ directory: join(FOLDER, "mysql"), onProgress: say });
    onExit(server.stop);
    const started = await Target.start(server);
    onExit(() => started.stop());
    say(`the production build, on ${server.version}`);
    return started;
  });

  const passwordHash = await hashTestPassword();
  await step(
    "Requests",
    async (say) => {
      const workers = await Promise.all(
        Array.from({ length: WORKERS }, () => FuzzWorker.open(target, statistics, passwordHash)),
      );
      const rounds = options.path === undefined ? ROUNDS : 1;
      const each = Math.ceil(options.requests / rounds / WORKERS);
      for (let round = 0; round < rounds && findings.length === 0 && options.requests > 0; round++) {
        // Each round and worker has its own seed, so that a finding can be repeated without the preceding requests.
        const seeds = workers.map((_, at) => options.seed + round * WORKERS + at);
        const running = options.path === undefined ? workers : workers.slice(0, 1);
        const found = await Promise.all(running.map((worker, at) => worker.run(each, seeds[at]!, options.path)));
        findings.push(...found.filter((one) => one !== null));
        samples.push(await target.sample(statistics.requests));
        say(`${statistics.requests} sent`);
      }
    },
    () => findings.length === 0,
  );
  const connections: Record<string, string | null> = {};
  if (options.path === undefined && !options.requestsOnly) {
    await step(
      "Connections",
      async (say) => {
        const share = options.isShort ? 0.5 : 1;
        Object.assign(connections, await runConnectionAttacks(target, passwordHash, { seed: options.seed, share }));
        say("unread log, exhausted file descriptors");
        const recovered = "The app recovered from an unread log and exhausted file descriptors";
        connections[recovered] = await checkResourceExhaustion(FOLDER);
      },
      () => Object.values(connections).every((one) => one === null),
    );
  }
  const smokeTestFailure = await step(
    "Smoke test",
    () => runSmokeTest(target.port, target.origin).catch((error: Error) => String(error.cause ?? error)),
    (one) => one === null,
  );
  return printReport(
    {
      options,
      statistics,
      findings,
      samples,
      memory: analyzeMemory(samples),
      connections,
      smokeTestFailure,
      log: target.log,
    },
    print,
  );
});
