import { sql, type Kysely } from "kysely";
import type { Database } from "@/db/schema";
import { readValues } from "./server-facts";

/** What one server says of its copies. */
export interface ReplicationFacts {
  /** Global variables. MySQL and MariaDB name those of semi-synchronous replication differently. */
  variables: Record<string, string>;
  status: Record<string, string>;
  /** Of a connection configured like the app's; undefined where there is no such variable. */
  wsrepSyncWait: string | undefined;
  /** How far a replica is behind its primary; null seconds if replication has stopped. Null: no replica, or not permitted to know. */
  replica: { secondsBehind: number | null } | null;
  /** The state as a member of a replication group; null if there is none, or not permitted to know. */
  memberState: string | null;
  /** Each line of `show grants`. */
  grants: string[];
}

/** By `show` statements, which a Galera node also answers while it lags or has no majority. */
export async function readReplication(db: Kysely<Database>): Promise<ReplicationFacts> {
  const variables = await readValues(
    db,
    sql`global variables where variable_name like 'rpl_semi_sync_%' or variable_name like 'group_replication_%'
      or variable_name in ('version', 'read_only', 'innodb_read_only', 'wsrep_on', 'log_bin', 'sync_binlog')`,
  );
  const status = await readValues(
    db,
    sql`global status where variable_name like 'wsrep_cluster_%' or variable_name like 'rpl_semi_sync_%'
      or variable_name in ('wsrep_ready', 'wsrep_local_state_comment', 'Slaves_connected')`,
  );
  const session = await readValues(db, sql`session variables where variable_name = 'wsrep_sync_wait'`);
  const [replica] = await readIfPermitted(db, "show replica status");
  const [member] = variables.group_replication_group_name
    ? await readIfPermitted(
        db,
        "select member_state from performance_schema.replication_group_members where member_id = @@server_uuid",
      )
    : [];
  const grants = await sql<Record<string, string>>`show grants`.execute(db);
  return {
    variables,
    status,
    wsrepSyncWait: session.wsrep_sync_wait,
    replica: replica === undefined ? null : { secondsBehind: secondsBehind(replica) },
    memberState: member === undefined ? null : String(Object.values(member)[0]),
    grants: grants.rows.map((row) => Object.values(row)[0] ?? ""),
  };
}

/** Rows of a statement that fails where the server has no such thing, or the app's account may not see it. */
async function readIfPermitted(db: Kysely<Database>, statement: string): Promise<Record<string, unknown>[]> {
  try {
    return (await sql.raw<Record<string, unknown>>(statement).execute(db)).rows;
  } catch (error) {
    // Access denied, unknown table, unknown variable.
    if ([1142, 1146, 1193, 1227].includes((error as NodeJS.ErrnoException).errno ?? 0)) return [];
    throw error;
  }
}

function secondsBehind(replica: Record<string, unknown>): number | null {
  // CamelCasePlugin leaves the capitals of the server's column names.
  const [, value] = Object.entries(replica).find(([name]) => /^seconds_?behind_?(master|source)$/i.test(name)) ?? [];
  return value === null || value === undefined ? null : Number(value);
}
