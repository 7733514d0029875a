import { once } from "node:events";
import { connect, createServer, type AddressInfo } from "node:net";
import { pipeline } from "node:stream";
import { addressOf } from "@/evidence/fault-lab/stack";
import { connectAsRoot, type Node } from "./node";

/** A port where each connection leads to the next node. */
export interface ChangingNodes {
  port: number;
  close: () => Promise<void>;
}

/**
 * A connection that names its database is refused while the node has not applied the statement that created it, whatever
 * wsrep_sync_wait is: each waits until its node has what the cluster had committed.
 */
export async function openChangingNodes(nodes: readonly Node[]): Promise<ChangingNodes> {
  const checks = await Promise.all(nodes.map(({ server }) => connectAsRoot(server)));
  for (const check of checks) await check.query("set session wsrep_sync_wait = 1");
  let turn = 0;
  const listener = createServer((client) => {
    const index = turn++ % nodes.length;
    client.on("error", () => {});
    checks[index]!.query("select 1").then(
      () => {
        const upstream = connect(addressOf(nodes[index]!.server));
        pipeline(client, upstream, () => {});
        pipeline(upstream, client, () => {});
      },
      () => client.destroy(),
    );
  });
  listener.listen(0, "127.0.0.1");
  await once(listener, "listening");
  const close = async () => {
    listener.close();
    for (const check of checks) await check.end();
  };
  return { port: (listener.address() as AddressInfo).port, close };
}
