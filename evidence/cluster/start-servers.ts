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
import type { Say, Setup, SetupDescription } from "./setup";
import { startSingleServer } from "./set-ups/single";

export const FOLDER = join(DATA, "cluster");

type Kind = SetupDescription["servers"];

let galera: Galera | null = null;

/** Starts the servers of a set-up, new ones except for Galera. */
export async function startServers(name: SetupName, say: Say): Promise<Setup> {
  const setup = SETUPS[name];
  if (setup.servers !== "galera" || galera === null) await stopKind(setup.servers);
  const folder = folderOf(setup.servers);
  switch (setup.servers) {
    case "pair": {
      const pair = await ReplicaPair.start(folder, await installMariadb(say));
      return { nodes: [pair.primary, pair.primary], all: [pair.primary, pair.replica], ...(await setup.prepare(pair)) };
    }
    case "single": {
      const single = await startSingleServer(folder, await installMariadb(say));
      return { nodes: [single.node, single.node], all: [single.node], ...(await setup.prepare(single)) };
    }
    case "galera": {
      galera ??= await startGalera(say);
      const [first, second] = galera.nodes;
      return { nodes: [first!, second!], all: galera.nodes, ...(await setup.prepare(galera)) };
    }
    case "group": {
      const group = await Group.start(folder, await installUnstableMysql(say), say);
      const primary = group.nodes[0]!;
      return { nodes: [primary, primary], all: group.nodes, ...(await setup.prepare(group)) };
    }
  }
}

export async function startGalera(say: Say, options: readonly string[] = []): Promise<Galera> {
  return Galera.start(folderOf("galera"), await installGalera(say), say, options);
}

export async function stopKind(kind: Kind): Promise<void> {
  if (kind === "galera") galera = null;
  await stopServers(folderOf(kind));
}

export async function stopAllServers(): Promise<void> {
  for (const kind of ["pair", "single", "galera", "group"] as const) await stopKind(kind);
}

/** MySQL of Debian unstable runs in a chroot. */
function folderOf(kind: Kind): string {
  const folder = join(FOLDER, kind);
  return kind === "group" ? unstableDirectory(folder) : folder;
}
