import { registerThenUseOther } from "@/evidence/cluster/new-sessions";
import { raceMigrations } from "@/evidence/cluster/racing-migrations";
import type { Setup, SetupDescription } from "@/evidence/cluster/setup";
import { countCommits, type Galera } from "@/evidence/cluster/servers/galera";
import { run, type Node } from "@/evidence/cluster/servers/node";
import { addressOf } from "@/evidence/fault-lab/stack";
import { pause } from "@/evidence/pause";

/** Longer than an instance relies on what it last read about revocations. */
const MINORITY_MILLISECONDS = 12_000;
const NEW_SESSIONS = 4;

type GaleraSetup = SetupDescription & { prepare: (galera: Galera) => Promise<Omit<Setup, "nodes" | "all">> };

/** Galera with three nodes; the instances write to the first and to the second. */
export const GALERA_SETUPS = {
  "galera-kill": {
    title: "Galera, three nodes, `kill -9` of the second instance's node",
    servers: "galera",
    losesCommits: false,
    prepare: async (galera) => ({
      happen: async ({ stack }) => {
        const [first, second, third] = nodesOf(galera);
        const committed = await countCommits(second);
        await second.server.kill();
        stack.instances[1].databaseProxy.redirect(addressOf(third.server));
        await galera.waitUntilSize(first, 2);
        return Math.max(0, committed - (await countCommits(first)));
      },
      repair: () => galera.restart(nodesOf(galera)[1]),
    }),
  },
  "galera-several-hosts": {
    title: "Galera, all nodes in `DATABASE_URL`, `kill -9` of the first node",
    servers: "galera",
    losesCommits: false,
    namesAllServers: true,
    prepare: async (galera) => ({
      happen: async ({ stack }) => {
        const [first, second] = nodesOf(galera);
        const committed = await countCommits(first);
        await first.server.kill();
        await stack.readFrom(second.server);
        await galera.waitUntilSize(second, 2);
        return Math.max(0, committed - (await countCommits(second)));
      },
      repair: () => galera.restart(nodesOf(galera)[0]),
    }),
  },
  "galera-minority": {
    title: "Galera, the second instance's node is cut off (minority), and back",
    servers: "galera",
    losesCommits: false,
    prepare: async (galera) => ({
      cutOff: [1],
      happen: async ({ browsersRotate, say }) => {
        const [, second] = nodesOf(galera);
        await galera.isolate(second);
        await galera.waitUntilMinority(second);
        say("a minority");
        await pause(MINORITY_MILLISECONDS);
        await browsersRotate(1);
        await galera.rejoin(second);
        return 0;
      },
      afterwards: async (lab, say) => {
        say("migrations on two nodes at once");
        const [first, second] = nodesOf(galera);
        await raceMigrations([first, second], lab.results);
      },
    }),
  },
  "galera-lag": {
    title: "Galera, the second instance's node lags, `wsrep_sync_wait=0`",
    servers: "galera",
    losesCommits: false,
    prepare: async (galera) => lagging(galera, 0),
  },
  "galera-lag-sync": {
    title: "Galera, the second instance's node lags, `wsrep_sync_wait=1`",
    servers: "galera",
    losesCommits: false,
    prepare: async (galera) => lagging(galera, 1),
  },
} as const satisfies Record<string, GaleraSetup>;

/** The instances take over the server's value when they connect. */
async function lagging(galera: Galera, syncWait: 0 | 1): Promise<Omit<Setup, "nodes" | "all">> {
  const setSyncWait = (value: number) =>
    Promise.all(galera.nodes.map(({ server }) => run(server, [`set global wsrep_sync_wait = ${value}`])));
  await setSyncWait(syncWait);
  return {
    cutOff: [1],
    happen: async ({ stack, lab, say, browsersRotate, countTokensAhead }) => {
      const [, second] = nodesOf(galera);
      const release = await galera.holdBack(second);
      say("a node lags");
      await browsersRotate(2);
      // With a wait, the connection that reads the rows would wait too.
      if (syncWait === 0) await countTokensAhead(second.server);
      await registerThenUseOther(lab, NEW_SESSIONS);
      await release();
      await stack.instances[1].ready();
      return 0;
    },
    repair: async () => void (await setSyncWait(0)),
  };
}

function nodesOf({ nodes: [first, second, third] }: Galera): [Node, Node, Node] {
  return [first!, second!, third!];
}
