import { judgeClocks, offsetOf, offsetOfDateHeader, type Offset } from "./clocks/judge-clocks";
import { isPublic, judgeConfiguration } from "./configuration/judge-configuration";
import { readConfiguration } from "./configuration/read-configuration";
import { judgeDatabase } from "./database/judge-database";
import { judgeReplication } from "./database/judge-replication";
import { readDatabase, type DatabaseReading } from "./database/read-database";
import { HttpClient, valuesOf } from "./deployment/http-client";
import { examineDeployment, type DeploymentFacts } from "./deployment/examine-deployment";
import { judgeAddresses } from "./deployment/judge-addresses";
import { judgeCaching } from "./deployment/judge-caching";
import { judgeCookies } from "./deployment/judge-cookies";
import { judgeHeaders } from "./deployment/judge-headers";
import { judgeReachable, type LocalAppFacts } from "./deployment/judge-reachable";
import { judgeRequests } from "./deployment/judge-requests";
import { judgeTls } from "./deployment/judge-tls";
import type { Group } from "./finding";
import { judgeFactors } from "./factors/judge-factors";
import { judgeSigningKeys } from "./keys/judge-signing-keys";
import { examineMail } from "./mail/examine-mail";
import { judgeMail } from "./mail/judge-mail";
import { judgeVersions } from "./versions/judge-versions";
import { readVersions } from "./versions/read-versions";
import { HEALTH_LIVE } from "@/server/auth/policy/routes";

type Source = Record<string, string | undefined>;

/** Examines the local installation: configuration, versions, database, mail, clocks, and the app over HTTP. */
export async function examineInstallation(source: Source, folder: string, now: Date): Promise<Group[]> {
  const { group: configuration, env } = judgeConfiguration(await readConfiguration(source, folder));
  const url = source.DATABASE_URL ?? "";
  const origin = URL.parse(source.APP_ORIGIN ?? "");
  const [versions, database, deployment, local, mail] = await Promise.all([
    readVersions(folder),
    url === "" ? null : readDatabase(url),
    origin === null ? null : examineDeployment(origin),
    origin === null ? null : probeLocalApp(origin, Number(source.PORT || 3000)),
    env === null ? null : examineMail(env),
  ]);
  return [
    configuration,
    judgeVersions(versions, now),
    database === null
      ? {
          title: "Database",
          healthy: "",
          findings: [],
          skipped: "not examined: DATABASE_URL is not set",
        }
      : judgeDatabase(database.facts, source.NODE_ENV === "production"),
    ...(database === null || database.servers.length === 0 ? [] : [judgeReplication(database.servers)]),
    mail === null
      ? { title: "Mail", healthy: "", findings: [], skipped: "not examined: the configuration is invalid" }
      : judgeMail(mail, database?.mails ?? null),
    judgeFactors(database?.factors ?? null, env),
    judgeSigningKeys({
      stored: database?.keys ?? null,
      secrets: env,
      keySet: deployment?.probes?.keySet ?? null,
    }),
    judgeClocks({
      database: offsetOf(database?.clock ?? []),
      deployment: deployment === null ? null : offsetOfDeployment(deployment),
      graceSeconds: env?.REFRESH_GRACE_SECONDS ?? DEFAULT_GRACE_SECONDS,
    }),
    ...(deployment === null ? [] : judgeDeployment(deployment, now, { local, database })),
  ];
}

const DEFAULT_GRACE_SECONDS = 30;

/** Examines a remote deployment over HTTP only. */
export async function examineFromOutside(origin: URL, now: Date): Promise<Group[]> {
  const facts = await examineDeployment(origin);
  const clocks = judgeClocks({
    database: null,
    deployment: offsetOfDeployment(facts),
    graceSeconds: DEFAULT_GRACE_SECONDS,
  });
  const keys = judgeSigningKeys({ stored: null, secrets: null, keySet: facts.probes?.keySet ?? null });
  return [...judgeDeployment(facts, now, { local: null, database: null }), keys, clocks];
}

function judgeDeployment(
  facts: DeploymentFacts,
  now: Date,
  { local, database }: { local: LocalAppFacts; database: DatabaseReading | null },
): Group[] {
  const { probes, origin } = facts;
  const isPublicOrigin = isPublic(origin.origin);
  const addresses = judgeAddresses(probes, database?.addresses ?? null, isPublicOrigin);
  const tls = origin.protocol === "https:" ? [judgeTls(facts, now, isPublicOrigin)] : [];
  if (probes === null) return [judgeReachable(facts, local), addresses, ...tls];
  return [
    judgeReachable(facts, local),
    judgeCookies(facts, probes),
    judgeHeaders(facts, probes),
    judgeCaching(probes),
    judgeRequests(facts, probes),
    addresses,
    ...tls,
  ];
}

function offsetOfDeployment({ live }: DeploymentFacts): Offset | null {
  if (live.kind === "failure") return null;
  const remote = Date.parse(valuesOf(live, "date")[0] ?? "");
  return Number.isNaN(remote) ? null : offsetOfDateHeader({ ...live, remote });
}

/** Whether the app runs on this machine, if its origin is elsewhere: then DNS, proxy or firewall are at fault. */
async function probeLocalApp(origin: URL, port: number): Promise<LocalAppFacts> {
  if (origin.protocol === "http:" && Number(origin.port || 80) === port) return null;
  const asker = new HttpClient(new URL(`http://127.0.0.1:${port}`));
  const reply = await asker.send({ path: HEALTH_LIVE });
  asker.close();
  if (reply.kind === "failure") return { port, state: "unreachable" };
  return { port, state: reply.status === 200 ? "live" : "other" };
}
