import { join } from "node:path";
import { waitUntil } from "@/evidence/cluster/wait-until";
import { GALERA_LIBRARY } from "@/scripts/mysql/galera.mjs";
import type { Installation } from "@/scripts/mysql/installation.mjs";
import { findServerPort } from "@/scripts/loopback.mjs";
import { connectAsRoot, query, readStatus, run, startNode, type Node } from "./node";

const NODES = 3;

/** Three MariaDB nodes that replicate synchronously; every one accepts writes. */
export class Galera {
  private constructor(readonly nodes: readonly Node[]) {}

  static async start(
    directory: string,
    installation: Installation,
    say: (detail: string) => void,
    options: readonly string[] = [],
  ): Promise<Galera> {
    const addresses: string[] = [];
    for (let index = 0; index < NODES; index++) addresses.push(`127.0.0.1:${await findServerPort()}`);
    const nodes: Node[] = [];
    for (const [index, address] of addresses.entries()) {
      say(`node ${index + 1} joins`);
      // Each copies the data of the first: two at once would need two donors.
      nodes.push(
        await joinNode({
          directory,
          installation,
          id: index + 1,
          address,
          addresses,
          options,
        }),
      );
      await waitUntil(`node ${index + 1} is synchronised`, () => isSynced(nodes[index]!));
    }
    return new Galera(nodes);
  }

  /** Cuts the node off from the others: it is a minority. Its clients stay connected. */
  isolate(node: Node): Promise<void> {
    return run(node.server, ["set global wsrep_provider_options = 'gmcast.isolate=1'"]);
  }

  async rejoin(node: Node): Promise<void> {
    await query(node.server, "set global wsrep_provider_options = 'gmcast.isolate=0'");
    await waitUntil(`${node.name} has rejoined`, () => isSynced(node));
  }

  /** Applies nothing on this node until the returned function is called. The others do not wait for it. */
  async holdBack(node: Node): Promise<() => Promise<void>> {
    await query(node.server, "set global wsrep_desync = 1");
    const connection = await connectAsRoot(node.server);
    await connection.query("flush tables with read lock");
    return async () => {
      await connection.end();
      await query(node.server, "set global wsrep_desync = 0");
      await waitUntil(`${node.name} has caught up`, () => isSynced(node));
    };
  }

  async waitUntilMinority(node: Node): Promise<void> {
    const isMinority = async () => (await readStatus(node.server, "wsrep_cluster_status")) !== "Primary";
    await waitUntil(`${node.name} notices that it is a minority`, isMinority);
  }

  /** A node that was killed joins again. */
  async restart(node: Node): Promise<void> {
    await node.server.start();
    for (const one of this.nodes) await this.waitUntilSize(one, this.nodes.length);
  }

  /** The others form a cluster of this size again. */
  async waitUntilSize(node: Node, size: number): Promise<void> {
    const hasSize = async () =>
      (await isSynced(node)) && (await readStatus(node.server, "wsrep_cluster_size")) === String(size);
    await waitUntil(`the cluster has ${size} nodes`, hasSize);
  }
}

async function isSynced({ server }: Node): Promise<boolean> {
  return (
    (await readStatus(server, "wsrep_local_state_comment")) === "Synced" &&
    (await readStatus(server, "wsrep_ready")) === "ON"
  );
}

interface NewNode {
  directory: string;
  installation: Installation;
  id: number;
  address: string;
  /** Of all nodes. */
  addresses: readonly string[];
  options: readonly string[];
}

async function joinNode({ directory, installation, id, address, addresses, options }: NewNode): Promise<Node> {
  const [incremental, copy] = [await findServerPort(), await findServerPort()];
  let isFirstStart = true;
  const allOptions = () => {
    // The first node founds the cluster once; when it starts again, it joins the others.
    const founds = isFirstStart && id === 1;
    const members = isFirstStart ? addresses.slice(0, id - 1) : addresses.filter((one) => one !== address);
    isFirstStart = false;
    return [
      "--wsrep-on=ON",
      `--wsrep-provider=${GALERA_LIBRARY}`,
      `--wsrep-cluster-address=gcomm://${members.join(",")}`,
      "--wsrep-node-address=127.0.0.1",
      `--wsrep-node-name=node-${id}`,
      "--wsrep-sst-method=rsync",
      `--wsrep-sst-receive-address=127.0.0.1:${copy}`,
      `--wsrep-provider-options=gmcast.listen_addr=tcp://${address};ist.recv_addr=127.0.0.1:${incremental};gcache.size=32M`,
      "--binlog-format=ROW",
      "--innodb-autoinc-lock-mode=2",
      "--wsrep-slave-threads=4",
      ...options,
      ...(founds ? ["--wsrep-new-cluster"] : []),
    ];
  };
  return startNode({ name: `node ${id}`, directory: join(directory, `node-${id}`), installation, options: allOptions });
}

/** The number of write sets that this node has applied or committed. */
export async function countCommits({ server }: Node): Promise<number> {
  return Number(await readStatus(server, "wsrep_last_committed"));
}
