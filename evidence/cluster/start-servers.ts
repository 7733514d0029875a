import { join } from "node:path";
import { installUnstableMysql, unstableDirectory } from "@/scripts/mysql/debian-unstable.mjs";
import { installGalera } from "@/scripts/mysql/galera.mjs";
import { stopServers } from "@/scripts/mysql/private-server.mjs";
import { installMariadb } from "@/scripts/mysql/provide.mjs";
import { DATA } from "@/scripts/paths.mjs";
import { SETUPS, type SetupName } from "./options";
import { Galera } from "./servers/galera";
import { Group } from "./servers/group";
import { ReplicaPair } from "./servers/replica-pair";
import type { Say, Setup } from "./setup";
import { startSingleServer } from "./set-ups/single";

export const FOLDER = join(DATA, "cluster");
export const SERVERS = join(FOLDER, "servers");
const GROUP_SERVERS = unstableDirectory(SERVERS);

let galera: Galera | null = null;

/** Starts the servers of a set-up. A Galera cluster is used again; of any other kind, nothing runs beside it. */
export async function startServers(name: SetupName, say: Say): Promise<Setup> {
  const setup = SETUPS[name];
  if (setup.servers !== "galera" || galera === null) await stopAllServers();
  switch (setup.servers) {
    case "pair": {
      const pair = await ReplicaPair.start(SERVERS, await installMariadb(say));
      return { nodes: [pair.primary, pair.primary], all: [pair.primary, pair.replica], ...(await setup.prepare(pair)) };
    }
    case "single": {
      const single = await startSingleServer(SERVERS, await installMariadb(say));
      return { nodes: [single.node, single.node], all: [single.node], ...(await setup.prepare(single)) };
    }
    case "galera": {
      galera ??= await Galera.start(SERVERS, await installGalera(say), say);
      const [first, second] = galera.nodes;
      return { nodes: [first!, second!], all: galera.nodes, ...(await setup.prepare(galera)) };
    }
    case "group": {
      const group = await Group.start(GROUP_SERVERS, await installUnstableMysql(say), say);
      const primary = group.nodes[0]!;
      return { nodes: [primary, primary], all: group.nodes, ...(await setup.prepare(group)) };
    }
  }
}

export async function stopAllServers(): Promise<void> {
  galera = null;
  await stopServers(SERVERS);
  await stopServers(GROUP_SERVERS);
}
