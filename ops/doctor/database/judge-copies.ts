import { problem, warning, type Finding } from "@/ops/doctor/finding";
import { MAX_REPLICATION_LAG_SECONDS } from "@/server/auth/policy/lifetimes";
import {
  isGalera,
  isGroupMember,
  isSemiSynchronous,
  isWritable,
  readSemiSync,
  type ReachedServer,
} from "./examined-server";

/** Of semi-synchronous replication: far longer than a replica takes to restart. */
const MIN_TIMEOUT_SECONDS = 60;

export function judgeReplica(server: ReachedServer): Finding[] {
  const { address, replication } = server;
  if (replication.replica === null || isGroupMember(server)) return [];
  const { secondsBehind } = replication.replica;
  const findings: Finding[] = [];
  if (isWritable(server) && !isGalera(server))
    findings.push(
      problem(
        "replica-writable",
        `${address} is a replica and accepts writes: what is written there is lost on the primary.`,
        "set global read_only = 1; or, if it was promoted: stop replica; reset replica all;",
      ),
    );
  if (secondsBehind === null)
    findings.push(
      problem("replication-stopped", `Replication to ${address} has stopped.`, "show replica status; start replica;"),
    );
  else if (secondsBehind > MAX_REPLICATION_LAG_SECONDS)
    findings.push(
      problem(
        "replica-behind",
        `${address} is ${secondsBehind} s behind its primary. If it is promoted, sessions that it lacks end: at most ${MAX_REPLICATION_LAG_SECONDS} s are supported.`,
        "Let it catch up before it is promoted; use parallel replication and faster disks",
      ),
    );
  else if (secondsBehind > 5)
    findings.push(
      warning(
        "replica-behind",
        `${address} is ${secondsBehind} s behind its primary: a promotion now loses that much.`,
        "Let it catch up before it is promoted; use parallel replication and faster disks",
      ),
    );
  return findings;
}

/** Whether a commit that was confirmed survives the loss of the server that confirmed it. */
export function judgePrimary(server: ReachedServer): Finding[] {
  if (!isWritable(server) || isGalera(server) || isGroupMember(server)) return [];
  const { address, replication } = server;
  const { variables } = replication;
  const findings: Finding[] = [];
  if (variables.log_bin === "ON" && variables.sync_binlog !== "1")
    findings.push(
      warning(
        "binlog-not-synced",
        `sync_binlog is ${variables.sync_binlog} on ${address}: after a crash its replicas can lack commits that it has, or have others.`,
        "set global sync_binlog = 1; and the same in my.cnf",
      ),
    );
  const lost = "a fail-over loses the commits that no replica has received";
  if (!isSemiSynchronous(server))
    return [
      ...findings,
      warning(
        "semi-sync-off",
        `${address} replicates asynchronously: ${lost}. No session ends by that, but accounts and passwords of the last seconds are lost.`,
        "Turn on semi-synchronous replication with the wait point AFTER_SYNC and a long timeout (docs/growth.md)",
      ),
    ];
  if (readSemiSync(server, "status", "status") === "OFF" || readSemiSync(server, "status", "clients") === "0")
    findings.push(
      problem(
        "semi-sync-without-replica",
        `Semi-synchronous replication is on, but no replica of ${address} confirms: ${lost}.`,
        "Start the replica's receiver with semi-synchronous replication on: stop replica io_thread; start replica io_thread;",
      ),
    );
  const timeoutSeconds = Number(readSemiSync(server, "variables", "timeout")) / 1000;
  if (timeoutSeconds < MIN_TIMEOUT_SECONDS)
    findings.push(
      warning(
        "semi-sync-timeout",
        `${address} stops waiting for its replica after ${timeoutSeconds} s, and then ${lost}.`,
        "Raise the timeout, for example to 3600000 (milliseconds): without a replica writes then fail instead of being lost",
      ),
    );
  const waitPoint = readSemiSync(server, "variables", "wait_point");
  if (waitPoint !== "AFTER_SYNC")
    findings.push(
      warning(
        "semi-sync-wait-point",
        `${address} shows a commit to others before a replica has it (wait point ${waitPoint}).`,
        "Set the wait point to AFTER_SYNC",
      ),
    );
  return findings;
}

export function judgeBypass({ address, replication }: ReachedServer): Finding[] {
  const isGlobal = (grant: string) => / ON \*\.\* TO /.test(grant);
  const bypasses = /\b(ALL PRIVILEGES|SUPER|READ[_ ]ONLY[_ ]ADMIN|CONNECTION_ADMIN)\b/;
  if (!replication.grants.some((grant) => isGlobal(grant) && bypasses.test(grant))) return [];
  return [
    warning(
      "may-write-read-only",
      `The app's account may write to ${address} even if it is read-only: writes of the second after a switch-over are lost there.`,
      "revoke super, connection_admin (MySQL) or read_only admin (MariaDB) from the account; on MySQL also set super_read_only",
    ),
  ];
}
