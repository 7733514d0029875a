import { join } from "node:path";
import { waitUntil } from "@/evidence/cluster/wait-until";
import type { Installation } from "@/scripts/mysql/installation.mjs";
import { findServerPort } from "@/scripts/loopback.mjs";
import { query, run, startNode, type Node } from "./node";

const GROUP = "3f1a8e0c-5d3b-4a3e-9d57-2f6c1f0a7b11";
const MEMBERS = 3;

/** Three MySQL servers in single-primary group replication. */
export class Group {
  private constructor(readonly nodes: readonly Node[]) {}

  static async start(
    directory: string,
    installation: Installation,
    say: (detail: string) => void,
    more: readonly string[] = [],
  ): Promise<Group> {
    const addresses: string[] = [];
    for (let index = 0; index < MEMBERS; index++) addresses.push(`127.0.0.1:${await findServerPort()}`);
    const nodes: Node[] = [];
    for (const [index, address] of addresses.entries()) {
      say(`member ${index + 1} joins`);
      nodes.push(await startMember({ directory, installation, id: index + 1, address, addresses, more }));
      await joinGroup(nodes[index]!, index === 0);
    }
    return new Group(nodes);
  }

  /** The member that accepts writes, as one of `nodes` says; null while there is none. */
  async findPrimary(nodes: readonly Node[] = this.nodes): Promise<Node | null> {
    for (const node of nodes) {
      const [row] = await query(
        node.server,
        `select member_role as role, @@super_read_only as isReadOnly from performance_schema.replication_group_members
          where member_id = @@server_uuid and member_state = 'ONLINE'`,
      );
      if (row?.role === "PRIMARY" && row.isReadOnly === 0) return node;
    }
    return null;
  }
}

interface NewMember {
  directory: string;
  installation: Installation;
  id: number;
  address: string;
  addresses: readonly string[];
  more: readonly string[];
}

async function startMember({ directory, installation, id, address, addresses, more }: NewMember): Promise<Node> {
  const options = (port: number) => [
    `--server-id=${id}`,
    "--log-bin=binlog",
    "--gtid-mode=ON",
    "--enforce-gtid-consistency=ON",
    "--report-host=127.0.0.1",
    `--report-port=${port}`,
    "--plugin-load-add=group_replication.so",
    `--loose-group-replication-group-name=${GROUP}`,
    "--loose-group-replication-start-on-boot=OFF",
    "--loose-group-replication-recovery-get-public-key=ON",
    `--loose-group-replication-local-address=${address}`,
    `--loose-group-replication-group-seeds=${addresses.join(",")}`,
    "--loose-group-replication-ip-allowlist=127.0.0.1/32",
    // Without it a killed member stays a suspect for five more seconds.
    "--loose-group-replication-member-expel-timeout=0",
    ...more,
  ];
  return startNode({ name: `member ${id}`, directory: join(directory, `member-${id}`), installation, options });
}

async function joinGroup(node: Node, founds: boolean): Promise<void> {
  await run(node.server, [
    // The statement at the start of every server is a transaction that the group does not have.
    "reset binary logs and gtids",
    "change replication source to source_user = 'root' for channel 'group_replication_recovery'",
    `set global group_replication_bootstrap_group = ${founds ? 1 : 0}`,
    "start group_replication",
    "set global group_replication_bootstrap_group = 0",
  ]);
  await waitUntil(`${node.name} is online`, async () => {
    const [row] = await query(
      node.server,
      "select member_state as state from performance_schema.replication_group_members where member_id = @@server_uuid",
    );
    return row?.state === "ONLINE";
  });
}

/** The number of the group's transactions that this member has. */
export async function countCommits({ server }: Node): Promise<number> {
  const [row] = await query(server, "select @@gtid_executed as executed");
  return Number(new RegExp(`${GROUP}:1-(\\d+)`, "i").exec(String(row!.executed))?.[1] ?? 0);
}
