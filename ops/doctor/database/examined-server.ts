import { judgeServerState } from "@/db/server-state";
import type { Offset } from "@/ops/doctor/clocks/judge-clocks";
import type { ReplicationFacts } from "./replication-facts";

/** One server of DATABASE_URL. */
export type ExaminedServer = { address: string } & (
  { kind: "unreachable"; message: string } | { kind: "reached"; replication: ReplicationFacts; offset: Offset | null }
);
export type ReachedServer = Extract<ExaminedServer, { kind: "reached" }>;

/** Whether the app would use it. */
export function isWritable({ replication: { variables, status } }: ReachedServer): boolean {
  return judgeServerState(variables, status, true) === null;
}

export function isGalera({ replication: { variables } }: ReachedServer): boolean {
  return variables.wsrep_on === "ON";
}

export function isGroupMember({ replication: { variables } }: ReachedServer): boolean {
  return (variables.group_replication_group_name ?? "") !== "";
}

export function isSemiSynchronous(server: ReachedServer): boolean {
  return readSemiSync(server, "variables", "enabled") === "ON";
}

/** MySQL names it after the source; MariaDB, and MySQL's older plugin, after the master. Names of status begin with a capital. */
export function readSemiSync(
  { replication }: ReachedServer,
  from: "variables" | "status",
  name: "enabled" | "timeout" | "wait_point" | "status" | "clients",
): string | undefined {
  const [values, prefix] = from === "status" ? [replication.status, "Rpl"] : [replication.variables, "rpl"];
  return values[`${prefix}_semi_sync_source_${name}`] ?? values[`${prefix}_semi_sync_master_${name}`];
}
