import type { Setup, SetupDescription } from "@/evidence/cluster/setup";
import { countCommits, type Group } from "@/evidence/cluster/servers/group";
import type { Node } from "@/evidence/cluster/servers/node";
import { waitUntil } from "@/evidence/cluster/wait-until";

type GroupSetup = SetupDescription & { prepare: (group: Group) => Promise<Omit<Setup, "nodes" | "all">> };

/** MySQL group replication with three members and one primary. */
export const GROUP_SETUPS = {
  group: {
    title: "MySQL group replication, `kill -9` of the primary (`member_expel_timeout=0`)",
    servers: "group",
    losesCommits: false,
    prepare: async (group) => ({
      happen: async ({ stack }) => {
        const [killed, ...others] = group.nodes;
        const committed = await countCommits(killed!);
        await killed!.server.kill();
        let primary: Node | null = null;
        await waitUntil(
          "another member is the primary",
          async () => (primary = await group.findPrimary(others)) !== null,
        );
        const kept = await countCommits(primary!);
        await stack.moveTo(primary!.server);
        return Math.max(0, committed - kept);
      },
    }),
  },
} as const satisfies Record<string, GroupSetup>;
