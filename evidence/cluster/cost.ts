import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { markdownTable, replaceBetween } from "@/evidence/rotation-model/markdown";
import { median, quantile } from "@/evidence/statistics";
import { installUnstableMysql, unstableDirectory } from "@/scripts/mysql/debian-unstable.mjs";
import { installGalera } from "@/scripts/mysql/galera.mjs";
import { stopServers, startPrivateServer, type Server } from "@/scripts/mysql/private-server.mjs";
import { installMariadb } from "@/scripts/mysql/provide.mjs";
import { ROOT } from "@/scripts/paths.mjs";
import { openRotationLoad, type RotationLoad } from "./rotation-load";
import { Galera } from "./servers/galera";
import { Group } from "./servers/group";
import { DURABLE_COMMITS } from "./servers/node";
import { ReplicaPair, startServerWithBinlog } from "./servers/replica-pair";
import type { Say } from "./setup";
import { FOLDER } from "./start-servers";

const SERVERS = join(FOLDER, "cost");
const GROUP_SERVERS = unstableDirectory(SERVERS);
const GROWTH = join(ROOT, "docs", "growth.md");
/** Many short turns: what else the machine does slows all subjects alike. */
const ROUNDS = 45;
const ROTATIONS_PER_TURN = 12;
const LONG_TIMEOUT_MILLISECONDS = 3_600_000;

interface Subject {
  name: string;
  load: RotationLoad;
  /** Before each turn. */
  enter: () => Promise<void>;
}

/** Rotations on one server and on a replicated one, in turns. One cluster at a time. */
export async function measureCosts(say: Say): Promise<string> {
  const rows: string[][] = [];
  const groups = [compareReplicas, compareGalera, compareGroup];
  for (const compare of groups) {
    try {
      rows.push(...(await compare(say)));
    } finally {
      await stopCostServers();
    }
  }
  return markdownTable(
    ["database", "a rotation, p50", "p99", "relative to one server: median of the turns (quartiles)"],
    rows,
  );
}

export async function stopCostServers(): Promise<void> {
  await stopServers(SERVERS);
  await stopServers(GROUP_SERVERS);
}

export function writeCosts(table: string): void {
  const text = readFileSync(GROWTH, "utf8");
  writeFileSync(
    GROWTH,
    replaceBetween(text, "<!-- cost of a rotation:begin -->", "<!-- cost of a rotation:end -->", table),
  );
}

async function compareReplicas(say: Say): Promise<string[][]> {
  const installation = await installMariadb(say);
  say("a server, and a pair");
  const single = await startServerWithBinlog(join(SERVERS, "single"), installation, 1, DURABLE_COMMITS);
  const pair = await ReplicaPair.start(join(SERVERS, "pair"), installation, DURABLE_COMMITS);
  const load = await openRotationLoad(pair.primary.server);
  const name = `MariaDB ${installation.version}`;
  return compareInTurns(say, [
    await unreplicated(name, single.server),
    { name: "asynchronous replica", load, enter: () => pair.stopWaiting() },
    {
      name: "semi-synchronous replica (`AFTER_SYNC`)",
      load,
      enter: () => pair.waitForReplicaAtCommit(LONG_TIMEOUT_MILLISECONDS),
    },
  ]);
}

async function compareGalera(say: Say): Promise<string[][]> {
  const installation = await installGalera(say);
  // Nodes of Galera need no binary log, which costs a second flush: the one server has none either.
  const withoutBinlog = [...DURABLE_COMMITS, "--skip-log-bin"];
  const single = await startServerWithBinlog(join(SERVERS, "single"), installation, 1, withoutBinlog);
  const galera = await Galera.start(join(SERVERS, "galera"), installation, say, DURABLE_COMMITS);
  const load = await openRotationLoad(galera.nodes[0]!.server);
  const syncWait = (value: number) => () => load.setVariable(`wsrep_sync_wait = ${value}`);
  return compareInTurns(say, [
    await unreplicated(`MariaDB ${installation.version} without binary log`, single.server),
    { name: "Galera, three nodes, `wsrep_sync_wait=0`", load, enter: syncWait(0) },
    { name: "Galera, three nodes, `wsrep_sync_wait=1`", load, enter: syncWait(1) },
  ]);
}

async function compareGroup(say: Say): Promise<string[][]> {
  const installation = await installUnstableMysql(say);
  const options = () => [
    "--server-id=1",
    "--log-bin=binlog",
    "--gtid-mode=ON",
    "--enforce-gtid-consistency=ON",
    ...DURABLE_COMMITS,
  ];
  const single = await startPrivateServer({
    directory: join(GROUP_SERVERS, "single"),
    installation,
    fresh: true,
    options,
  });
  const group = await Group.start(GROUP_SERVERS, installation, say, DURABLE_COMMITS);
  const load = await openRotationLoad(group.nodes[0]!.server);
  return compareInTurns(say, [
    await unreplicated(`MySQL ${installation.version}`, single),
    { name: "group replication, three members", load, enter: async () => {} },
  ]);
}

async function unreplicated(version: string, server: Server): Promise<Subject> {
  return { name: `${version}, one server`, load: await openRotationLoad(server), enter: async () => {} };
}

/** The first subject is what the others are compared with. */
async function compareInTurns(say: Say, subjects: readonly Subject[]): Promise<string[][]> {
  const turns = subjects.map(() => [] as number[][]);
  for (let round = 0; round < ROUNDS; round++) {
    say(`${subjects.at(-1)!.name}, round ${round + 1} of ${ROUNDS}`);
    // Each round begins with another subject.
    for (let at = 0; at < subjects.length; at++) {
      const index = (round + at) % subjects.length;
      const { load, enter } = subjects[index]!;
      await enter();
      turns[index]!.push(await load.rotate(ROTATIONS_PER_TURN));
    }
  }
  await Promise.all([...new Set(subjects.map(({ load }) => load))].map((load) => load.close()));
  return subjects.map(({ name }, index) => {
    const all = turns[index]!.flat();
    const ratios = turns[index]!.map((turn, round) => median(turn) / median(turns[0]![round]!));
    const [low, high] = [quantile(ratios, 0.25), quantile(ratios, 0.75)];
    const relative = index === 0 ? "1" : `${median(ratios).toFixed(2)} × (${low.toFixed(2)} to ${high.toFixed(2)})`;
    return [name, `${median(all).toFixed(1)} ms`, `${quantile(all, 0.99).toFixed(1)} ms`, relative];
  });
}
