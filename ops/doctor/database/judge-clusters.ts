import { counted, problem, warning, type Finding } from "@/ops/doctor/finding";
import { isGalera, isGroupMember, type ReachedServer } from "./examined-server";

export function judgeGalera(server: ReachedServer): Finding[] {
  if (!isGalera(server)) return [];
  const { address, replication } = server;
  const { wsrep_ready, wsrep_cluster_status, wsrep_local_state_comment, wsrep_cluster_size } = replication.status;
  if (wsrep_ready !== "ON" || wsrep_cluster_status !== "Primary")
    return [
      problem(
        "galera-no-majority",
        `${address} does not belong to the part of its cluster that has a majority (wsrep_cluster_status ${wsrep_cluster_status}, wsrep_ready ${wsrep_ready}): the app does not use it.`,
        "Repair the network between the nodes; if no part has a majority: set global wsrep_provider_options = 'pc.bootstrap=1'; on the most recent one",
      ),
    ];
  const findings: Finding[] = [];
  if (wsrep_local_state_comment !== "Synced")
    findings.push(
      warning(
        "galera-not-synced",
        `${address} is in the state ${wsrep_local_state_comment}.`,
        "Wait until it is Synced",
      ),
    );
  if (Number(wsrep_cluster_size) < 3)
    findings.push(
      warning(
        "galera-too-small",
        `The cluster of ${address} has ${counted(Number(wsrep_cluster_size), "node")}: it has no majority when one is lost.`,
        "Run three nodes, or two and an arbitrator (garbd)",
      ),
    );
  if ((Number(replication.wsrepSyncWait) & 3) !== 3)
    findings.push(
      problem(
        "connection-wsrep-sync-wait",
        `The app's connections to ${address} have wsrep_sync_wait = ${replication.wsrepSyncWait}: on a node that lags, sessions that were revoked are accepted, and a logout may not find its session.`,
        "Connect to the nodes directly, or configure the pooling proxy to preserve session variables",
      ),
    );
  return findings;
}

export function judgeGroup(server: ReachedServer): Finding[] {
  if (!isGroupMember(server)) return [];
  const { address, replication } = server;
  const { variables, memberState } = replication;
  const findings: Finding[] = [];
  if (memberState !== null && memberState !== "ONLINE")
    findings.push(
      problem(
        "group-member-state",
        `${address} is ${memberState} in its replication group.`,
        "start group_replication;",
      ),
    );
  if (variables.group_replication_single_primary_mode === "OFF")
    findings.push(
      problem(
        "group-multi-primary",
        `The group of ${address} has several primaries: transactions on tables with cascading foreign keys fail there.`,
        "select group_replication_switch_to_single_primary_mode();",
      ),
    );
  if (Number(variables.group_replication_member_expel_timeout) > 0)
    findings.push(
      warning(
        "group-expel-timeout",
        `${address} waits ${variables.group_replication_member_expel_timeout} s before it expels a member that does not respond: if that is the primary, no sign-in and no refresh succeeds meanwhile.`,
        "set persist group_replication_member_expel_timeout = 0; unless the network often fails for seconds",
      ),
    );
  if (variables.group_replication_unreachable_majority_timeout === "0")
    findings.push(
      warning(
        "group-minority-waits",
        `On ${address}, writes of a primary that has lost the majority wait without end, and the app takes it for a slow server.`,
        "set persist group_replication_unreachable_majority_timeout = 5;",
      ),
    );
  return findings;
}
