import { sql } from "kysely";

/** Names and values as `show variables` and `show status` return them. */
export type ServerValues = Record<string, string>;

/** Whether the server accepts writes, and which variables of a cluster must be set on its connections. */
const READ_VARIABLES = `show global variables where variable_name in
  ('read_only', 'innodb_read_only', 'wsrep_on', 'wsrep_sync_wait', 'group_replication_consistency')`;

/** The first two, at the cost of a `select 1`: `show variables` took MySQL 4 ms. */
const READ_WRITABILITY = `select 'read_only', @@global.read_only
  union all select 'innodb_read_only', @@global.innodb_read_only`;

/**
 * Statement that reads the variables, given those known so far: all of them, or those that may have changed. On a Galera node that
 * lags, a select would wait until it has caught up.
 */
export function readVariables(known: ServerValues): string {
  return known.read_only === undefined || isGaleraNode(known) ? READ_VARIABLES : READ_WRITABILITY;
}

/** Shows whether a Galera node belongs to the part of the cluster that has a majority. */
export const READ_NODE_STATUS = `show global status where variable_name in ('wsrep_ready', 'wsrep_local_state_comment')`;

export function isGaleraNode(variables: ServerValues): boolean {
  return variables.wsrep_on === "ON";
}

/**
 * Why the server must not be used, or null. Not for reads either: a server that was demoted or cut off no longer receives
 * revocations. `isOnlyServer`: no other one is configured, so that a node that lags is better than none.
 */
export function judgeServerState(
  variables: ServerValues,
  nodeStatus: ServerValues,
  isOnlyServer: boolean,
): string | null {
  const { read_only = "OFF", innodb_read_only = "OFF" } = variables;
  if ([read_only, innodb_read_only].some((value) => value !== "OFF" && value !== "0")) return "is read-only";
  if (!isGaleraNode(variables)) return null;
  if (nodeStatus.wsrep_ready !== "ON") return "does not belong to a Galera cluster with a majority";
  const state = nodeStatus.wsrep_local_state_comment ?? "unknown";
  return state === "Synced" || isOnlyServer ? null : `is a Galera node in the state ${state}`;
}

/** In a statement: 1 on a connection to a Galera node, else 0. */
export const IS_GALERA_NODE = sql<number>`(@is_galera_node is not null)`;

/**
 * Statements that make reads and updates see every commit that was confirmed before them, on whichever server. A stricter setting of
 * the operator is kept.
 */
export function consistencyStatements(variables: ServerValues): string[] {
  return [
    // Bits 1 and 2: reads, updates and deletions wait until the node has applied what the cluster had committed. A lagging node
    // otherwise shows old rows, and an update finds no row where there is a new one.
    ...(isGaleraNode(variables)
      ? [`set session wsrep_sync_wait = ${Number(variables.wsrep_sync_wait) | 3}, @is_galera_node = 1`]
      : []),
    // A new primary makes statements wait until it has applied what the former one had committed.
    ...(variables.group_replication_consistency === "EVENTUAL"
      ? ["set session group_replication_consistency = 'BEFORE_ON_PRIMARY_FAILOVER'"]
      : []),
  ];
}
