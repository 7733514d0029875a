import { join } from "node:path";
import { environmentFor, type Build } from "@/evidence/fault-lab/instance";
import { Lab, type Lifetimes } from "@/evidence/fault-lab/lab";
import { Results } from "@/evidence/fault-lab/results";
import { Stack } from "@/evidence/fault-lab/stack";
import { Random } from "@/evidence/random";
import { onExit } from "@/scripts/lifecycle.mjs";
import type { Progress } from "@/scripts/progress.mjs";
import { runEpisode, type Load } from "./episode";
import { SETUPS, type SetupName } from "./options";
import { printRow } from "./report";
import type { Row } from "./row";
import type { Say, SetupDescription } from "./setup";
import { startServers, stopKind } from "./start-servers";

/** Access tokens live long, because an instance remembers a revocation for as long as one; browsers forget theirs instead. */
const LIFETIMES: Lifetimes = { accessSeconds: 60, beforeExpirySeconds: 10, graceSeconds: 6, idleSeconds: 600 };

interface Run {
  names: readonly SetupName[];
  build: Build;
  seed: number;
  load: Load;
  /** Different kinds of servers at the same time. */
  isConcurrent: boolean;
  onRow: (row: Row) => void;
}

/** Returns whether every set-up ran to its end and every invariant held. */
export async function runSetups(run: Run, { step, print }: Progress): Promise<boolean> {
  const kindOf = (name: SetupName) => SETUPS[name].servers;
  let hasHeld = true;
  const runKind = async (kind: SetupDescription["servers"]) => {
    for (const name of run.names.filter((one) => kindOf(one) === kind)) {
      try {
        const row = await step(
          name,
          (say) => runSetup(name, run, say),
          (one) => one.hasHeld,
        );
        printRow(row, print);
        run.onRow(row);
        hasHeld &&= row.hasHeld;
      } catch (error) {
        // The other set-ups have servers of their own.
        print(`\n${error instanceof Error ? error.stack : String(error)}\n\n`);
        hasHeld = false;
        await stopKind(kind);
      }
    }
    await stopKind(kind);
  };
  const kinds = [...new Set(run.names.map(kindOf))];
  if (run.isConcurrent) await Promise.all(kinds.map(runKind));
  else for (const kind of kinds) await runKind(kind);
  return hasHeld;
}

async function runSetup(name: SetupName, { build, seed, load }: Run, say: Say): Promise<Row> {
  say("servers");
  const random = new Random(seed).stream(name);
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
    build: { ...build, logs: join(build.logs, name) },
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
