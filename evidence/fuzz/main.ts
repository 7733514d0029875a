import { join } from "node:path";
import { exit, onExit } from "@/scripts/lifecycle.mjs";
import { withLock } from "@/scripts/lock.mjs";
import { provideServer } from "@/scripts/mysql/provide.mjs";
import { DATA } from "@/scripts/paths.mjs";
import { runCli } from "@/scripts/run-cli.mjs";
import { buildOnce } from "@/scripts/production-build.mjs";
import { stormConnections } from "./connection-attacks";
import { complaintAtTheEnd } from "./smoke-test";
import { Lane, type Finding } from "./fuzz-worker";
import { judgeMemory, type Sample } from "./memory";
import { readOptions } from "./options";
import { hashOnce } from "./test-user";
import { report } from "./report";
import { complaintAboutStarvedApp } from "./resource-exhaustion";
import { Tally } from "./run-statistics";
import { Target } from "./target";

const FOLDER = join(DATA, "fuzz");
const LANES = 4;
const ROUNDS = 24;

// What was started must not outlive whatever went wrong.
process.once("uncaughtException", (error) => {
  console.error(error);
  void exit(1);
});

await withLock(`${FOLDER}.lock`, () =>
  runCli(async ({ step, print }) => {
    const options = readOptions(process.argv.slice(2));
    const tally = new Tally();
    const findings: Finding[] = [];
    const samples: Sample[] = [];
    print(`\n  Portcullis  fuzzer, --seed ${options.seed}\n\n`);

    await step("Build", buildOnce);
    const target = await step("App", async (say) => {
      const server = await provideServer({ directory: join(FOLDER, "mysql"), say });
      onExit(server.stop);
      const started = await Target.start(server);
      onExit(() => started.stop());
      say(`the production build, on ${server.version}`);
      return started;
    });

    const passwordHash = await hashOnce();
    await step(
      "Requests",
      async (say) => {
        const lanes = await Promise.all(Array.from({ length: LANES }, () => Lane.open(target, tally, passwordHash)));
        const rounds = options.path === undefined ? ROUNDS : 1;
        const each = Math.ceil(options.requests / rounds / LANES);
        for (let round = 0; round < rounds && findings.length === 0 && options.requests > 0; round++) {
          // Each round and lane has a seed of its own, so that a finding is repeated without what came before it.
          const seeds = lanes.map((_, at) => options.seed + round * LANES + at);
          const running = options.path === undefined ? lanes : lanes.slice(0, 1);
          const found = await Promise.all(running.map((lane, at) => lane.run(each, seeds[at]!, options.path)));
          findings.push(...found.filter((one) => one !== null));
          samples.push(await target.sample(tally.requests));
          say(`${tally.requests} sent`);
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
          Object.assign(connections, await stormConnections(target, passwordHash, { seed: options.seed, share }));
          say("log not read, no descriptors left");
          const starved = "Without a log reader and descriptors the app answered, and recovered";
          connections[starved] = await complaintAboutStarvedApp(FOLDER);
        },
        () => Object.values(connections).every((one) => one === null),
      );
    }
    const complaint = await step(
      "Farewell",
      () => complaintAtTheEnd(target.port, target.origin).catch((error: Error) => String(error.cause ?? error)),
      (one) => one === null,
    );
    const isGood = report(
      { options, tally, findings, samples, memory: judgeMemory(samples), connections, complaint, log: target.log },
      print,
    );
    await exit(isGood ? 0 : 1);
  }),
);
