import { cp, rm } from "node:fs/promises";
import { join } from "node:path";
import { replayAfterRestore } from "@/evidence/cluster/replayed-revocations";
import type { Setup, SetupDescription } from "@/evidence/cluster/setup";
import type { Node } from "@/evidence/cluster/servers/node";
import { countCommits, startServerWithBinlog } from "@/evidence/cluster/servers/replica-pair";
import type { Installation } from "@/scripts/mysql/installation.mjs";

/** A port that is never in use: connections are refused. */
const CLOSED = { host: "127.0.0.1", port: 1 };

export interface SingleServer {
  node: Node;
  directory: string;
}

export async function startSingleServer(directory: string, installation: Installation): Promise<SingleServer> {
  return { node: await startServerWithBinlog(directory, installation, 1), directory };
}

type SingleSetup = SetupDescription & { prepare: (single: SingleServer) => Promise<Omit<Setup, "nodes" | "all">> };

/** One MariaDB server. */
export const SINGLE_SETUPS = {
  restore: {
    title: "MariaDB, backup, use, restore",
    servers: "single",
    losesCommits: true,
    prepare: async ({ node, directory }) => {
      const data = join(directory, "mariadb");
      const backup = join(directory, "backup");
      const copy = async (from: string, to: string) => {
        await rm(to, { recursive: true, force: true });
        await cp(from, to, { recursive: true });
      };
      const backUp = async () => {
        await node.server.stop();
        await copy(data, backup);
        await node.server.start();
      };
      const restore = async () => {
        await node.server.stop();
        await copy(backup, data);
        await node.server.start();
      };
      return {
        beginLag: backUp,
        happen: async ({ stack, countTokensAhead }) => {
          const committed = await countCommits(node);
          // The instances reach the server only when it has been restored.
          for (const { databaseProxy } of stack.instances) databaseProxy.redirect(CLOSED);
          await restore();
          const kept = await countCommits(node);
          await countTokensAhead(node.server);
          await stack.moveTo(node.server);
          return committed - kept;
        },
        afterwards: (lab, say) => replayAfterRestore(lab, { backUp, restore }, say),
      };
    },
  },
} as const satisfies Record<string, SingleSetup>;
