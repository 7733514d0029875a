import type { Incident, Setup, SetupDescription } from "@/evidence/cluster/setup";
import { query } from "@/evidence/cluster/servers/node";
import { countCommits, ReplicaPair } from "@/evidence/cluster/servers/replica-pair";

const LONG_TIMEOUT_MILLISECONDS = 3_600_000;
const SHORT_TIMEOUT_MILLISECONDS = 300;

type PairSetup = SetupDescription & { prepare: (pair: ReplicaPair) => Promise<Omit<Setup, "nodes" | "all">> };

/** MariaDB: a primary and a replica. */
export const PAIR_SETUPS = {
  asynchronous: {
    title: "MariaDB asynchronous, the last seconds never arrive, `kill -9`, promotion",
    servers: "pair",
    losesCommits: true,
    prepare: async (pair) => ({
      beginLag: () => pair.stopReceiving(),
      happen: (incident) => failOver(pair, incident),
    }),
  },
  "semi-synchronous": {
    title: "MariaDB semi-synchronous (`AFTER_SYNC`, long time-out), replica applies late, `kill -9`, promotion",
    servers: "pair",
    losesCommits: false,
    prepare: async (pair) => {
      await pair.waitForReplicaAtCommit(LONG_TIMEOUT_MILLISECONDS);
      return { beginLag: () => pair.stopApplying(), happen: (incident) => failOver(pair, incident) };
    },
  },
  "fallen-back": {
    title: "MariaDB semi-synchronous, fallen back to asynchronous after its time-out, `kill -9`, promotion",
    servers: "pair",
    losesCommits: true,
    prepare: async (pair) => {
      await pair.waitForReplicaAtCommit(SHORT_TIMEOUT_MILLISECONDS);
      const beginLag = async () => {
        await pair.stopReceiving();
        await pair.waitUntilAsynchronous();
      };
      return { beginLag, happen: (incident) => failOver(pair, incident) };
    },
  },
  demoted: {
    title: "MariaDB, the primary becomes read-only with its connections not cut, the replica is promoted",
    servers: "pair",
    losesCommits: false,
    prepare: async (pair) => ({ happen: (incident) => demote(pair, incident) }),
  },
  "several-hosts": {
    title: "MariaDB asynchronous, both servers in `DATABASE_URL`, the last seconds never arrive, `kill -9`, promotion",
    servers: "pair",
    losesCommits: true,
    namesAllServers: true,
    prepare: async (pair) => ({
      beginLag: () => pair.stopReceiving(),
      happen: (incident) => failOver(pair, incident),
    }),
  },
  "demoted-several-hosts": {
    title: "MariaDB, both servers in `DATABASE_URL`, the primary becomes read-only with its connections not cut",
    servers: "pair",
    losesCommits: false,
    namesAllServers: true,
    prepare: async (pair) => ({ happen: (incident) => demote(pair, incident) }),
  },
} as const satisfies Record<string, PairSetup>;

async function demote(pair: ReplicaPair, { stack, browsersRotate }: Incident): Promise<number> {
  await query(pair.primary.server, "set global read_only = 1");
  await pair.waitUntilReplicaHasAll();
  await pair.detachReplica();
  await pair.promoteReplica();
  await stack.moveTo(pair.replica.server);
  // Its connections still lead to the demoted server.
  await browsersRotate(1);
  return 0;
}

async function failOver(pair: ReplicaPair, { stack, countTokensAhead }: Incident): Promise<number> {
  const committed = await countCommits(pair.primary);
  await pair.primary.server.kill();
  await pair.detachReplica();
  const kept = await countCommits(pair.replica);
  await countTokensAhead(pair.replica.server);
  await pair.promoteReplica();
  await stack.moveTo(pair.replica.server);
  return Math.max(0, committed - kept);
}
