import { counted, problem, warning, type Finding, type Group } from "@/ops/doctor/finding";
import {
  isGalera,
  isGroupMember,
  isSemiSynchronous,
  isWritable,
  type ExaminedServer,
  type ReachedServer,
} from "./examined-server";
import { judgeGalera, judgeGroup } from "./judge-clusters";
import { judgeBypass, judgePrimary, judgeReplica } from "./judge-copies";
import { nameOf } from "./judge-server";

const MAX_CLOCK_DIFFERENCE_SECONDS = 1;

/** Whether a fail-over would lose commits, and how the servers fit together. */
export function judgeReplication(servers: ExaminedServer[]): Group {
  const reached = servers.filter((server) => server.kind === "reached");
  const isReplicated = servers.length > 1 || reached.some(isCopied);
  const findings = [
    ...(servers.length > 1 ? servers.flatMap(judgeReachability) : []),
    ...reached.flatMap((server) => [
      ...judgeGalera(server),
      ...judgeGroup(server),
      ...judgeReplica(server),
      ...(isReplicated ? [...judgePrimary(server), ...judgeBypass(server)] : []),
    ]),
    ...judgeTogether(reached),
  ];
  const writable = reached.filter(isWritable).map(({ address }) => address);
  const healthy = isReplicated
    ? `${counted(servers.length, "server")}; accepting writes: ${writable.join(", ")}`
    : "one server, without copies to fail over to";
  const group = { title: "Fail-over", healthy, findings };
  return reached.length > 0 ? group : { ...group, skipped: "not examined: no server was reached" };
}

function isCopied(server: ReachedServer): boolean {
  const { replica, status } = server.replication;
  const hasReplica = replica !== null || Number(status.Slaves_connected ?? 0) > 0;
  return hasReplica || isGalera(server) || isGroupMember(server) || isSemiSynchronous(server);
}

function judgeReachability(server: ExaminedServer): Finding[] {
  if (server.kind === "reached") return [];
  return [
    warning(
      "server-unreachable",
      `${server.address} cannot be reached: ${server.message}. A fail-over to it would fail.`,
      "Start it, or remove it from DATABASE_URL",
    ),
  ];
}

const versionOf = ({ variables }: ReachedServer["replication"]) => nameOf(variables.version ?? "");

function judgeTogether(reached: ReachedServer[]): Finding[] {
  const findings: Finding[] = [];
  const list = (servers: ReachedServer[]) => servers.map(({ address }) => address).join(", ");
  const writable = reached.filter(isWritable);
  const clusters = new Set(writable.map(({ replication }) => replication.status.wsrep_cluster_state_uuid ?? ""));
  const isOneCluster = writable.every(isGalera) && clusters.size === 1;
  if (reached.length > 1 && writable.length > 1 && !isOneCluster)
    findings.push(
      problem(
        "several-writable",
        `${list(writable)} accept writes and are not one Galera cluster: instances that use different ones see different sessions.`,
        "set global read_only = 1; on all servers but the primary",
      ),
    );
  const versions = new Set(reached.map(({ replication }) => versionOf(replication)));
  if (versions.size > 1)
    findings.push(
      warning(
        "versions-differ",
        `The servers run different versions: ${reached.map(({ address, replication }) => `${address} ${versionOf(replication)}`).join(", ")}.`,
        "Complete the upgrade; a primary must not be newer than its replicas",
      ),
    );
  const offsets = reached.flatMap(({ offset }) => (offset === null ? [] : [offset]));
  const low = Math.min(...offsets.map(({ milliseconds, bound }) => milliseconds + bound));
  const high = Math.max(...offsets.map(({ milliseconds, bound }) => milliseconds - bound));
  if (high - low > MAX_CLOCK_DIFFERENCE_SECONDS * 1000)
    findings.push(
      warning(
        "server-clocks-differ",
        `The clocks of the servers differ by at least ${((high - low) / 1000).toFixed(1)} s: after a fail-over instances may take that for a loss, or miss one.`,
        "Synchronise them with NTP; check with timedatectl or chronyc tracking",
      ),
    );
  return findings;
}
