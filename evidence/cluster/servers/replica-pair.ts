import { join } from "node:path";
import { waitUntil } from "@/evidence/cluster/wait-until";
import type { Installation } from "@/scripts/mysql/installation.mjs";
import { query, readStatus, run, startNode, type Node } from "./node";

/** A MariaDB primary and a replica that follows it asynchronously. */
export class ReplicaPair {
  private constructor(
    readonly primary: Node,
    readonly replica: Node,
  ) {}

  static async start(
    directory: string,
    installation: Installation,
    options: readonly string[] = [],
  ): Promise<ReplicaPair> {
    const [primary, replica] = await Promise.all(
      [1, 2].map((id) => startServerWithBinlog(join(directory, `server-${id}`), installation, id, options)),
    );
    const pair = new ReplicaPair(primary!, replica!);
    await run(pair.replica.server, [
      "set global read_only = 1",
      `change master to master_host='127.0.0.1', master_port=${pair.primary.port}, master_user='root', master_password='',
        master_connect_retry=1, master_use_gtid=slave_pos`,
      "start slave",
    ]);
    await pair.waitUntilReplicaHasAll();
    return pair;
  }

  /** From then on the replica receives nothing. */
  stopReceiving(): Promise<void> {
    return run(this.replica.server, ["stop slave io_thread"]);
  }

  /** From then on the replica receives transactions but does not apply them. */
  stopApplying(): Promise<void> {
    return run(this.replica.server, ["stop slave sql_thread"]);
  }

  /** Semi-synchronous: a commit waits until the replica has received it, or until the timeout. */
  async waitForReplicaAtCommit(timeoutMilliseconds: number): Promise<void> {
    await run(this.replica.server, [
      "set global rpl_semi_sync_slave_enabled = 1",
      "stop slave io_thread",
      "start slave io_thread",
    ]);
    await run(this.primary.server, [
      "set global rpl_semi_sync_master_wait_point = 'AFTER_SYNC'",
      `set global rpl_semi_sync_master_timeout = ${timeoutMilliseconds}`,
      "set global rpl_semi_sync_master_enabled = 1",
    ]);
    await waitUntil("the replica acknowledges commits", () => this.#waits(true));
  }

  /** Asynchronous again. */
  stopWaiting(): Promise<void> {
    return run(this.primary.server, ["set global rpl_semi_sync_master_enabled = 0"]);
  }

  waitUntilAsynchronous(): Promise<void> {
    return waitUntil("commits no longer wait for the replica", () => this.#waits(false));
  }

  /** The replica applies what it has received and follows nothing from then on. It stays read-only. */
  async detachReplica(): Promise<void> {
    const { server } = this.replica;
    // In this order: with both threads stopped, MariaDB discards what was received and not applied.
    await run(server, ["start slave sql_thread", "stop slave io_thread"]);
    const [slave] = await query(server, "show slave status");
    // Read_Master_Log_Pos is the end of what was received.
    const received = `'${slave!.Master_Log_File}', ${slave!.Read_Master_Log_Pos}`;
    const [applied] = await query(server, `select master_pos_wait(${received}, 60) as waited`);
    if (applied!.waited === null || applied!.waited < 0) throw new Error("The replica did not apply what it received.");
    await run(server, ["stop slave", "reset slave all"]);
  }

  promoteReplica(): Promise<void> {
    return run(this.replica.server, ["set global read_only = 0"]);
  }

  async waitUntilReplicaHasAll(): Promise<void> {
    await waitUntil("the replica has everything", async () => {
      const [primary, replica] = await Promise.all([this.primary, this.replica].map(countCommits));
      return replica! >= primary!;
    });
  }

  async #waits(isWaiting: boolean): Promise<boolean> {
    const isOn = (await readStatus(this.primary.server, "Rpl_semi_sync_master_status")) === "ON";
    const replicas = Number(await readStatus(this.primary.server, "Rpl_semi_sync_master_clients"));
    return isWaiting ? isOn && replicas > 0 : !isOn;
  }
}

/** A MariaDB server that could have replicas. */
export function startServerWithBinlog(
  directory: string,
  installation: Installation,
  id: number,
  options: readonly string[] = [],
): Promise<Node> {
  const binlog = [`--server-id=${id}`, "--log-bin=binlog", "--binlog-format=ROW", "--log-slave-updates"];
  return startNode({ name: `server ${id}`, directory, installation, options: () => [...binlog, ...options] });
}

/** The number of transactions of the first primary that this server has. */
export async function countCommits({ server }: Node): Promise<number> {
  // Of a replica, gtid_slave_pos; of a primary, gtid_binlog_pos. Server 1 wrote all of them.
  const [row] = await query(server, "select @@gtid_binlog_pos as written, @@gtid_slave_pos as received");
  const sequences = [row!.written, row!.received].map((text) => /0-1-(\d+)/.exec(String(text))?.[1] ?? "0");
  return Math.max(...sequences.map(Number));
}
