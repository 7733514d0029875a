import { execFileSync } from "node:child_process";
import { appendFileSync } from "node:fs";
import { Agent } from "node:http";
import { join } from "node:path";
import { AppLog } from "@/evidence/app-log";
import { canLimitDescriptors, countDescriptors, limitDescriptors } from "@/evidence/connection-attacks/process-state";
import { UnreadLog } from "@/evidence/connection-attacks/unread-log";
import { Browser, inventLabAccount } from "@/evidence/fault-lab/browser";
import type { Instance } from "@/evidence/fault-lab/instance";
import type { Lab } from "@/evidence/fault-lab/lab";
import { USER_AGENTS } from "@/evidence/fault-lab/network";
import type { SimulatedUser } from "@/evidence/fault-lab/simulated-user";
import { sendRequest } from "@/evidence/http-client";
import { pause } from "@/evidence/pause";
import { DATA } from "@/scripts/paths.mjs";
import { baselineOf, checkRecovery, checkRequestLines, checkSucceeds } from "./attack-checks";
import type { HostileClients } from "./hostile-clients";
import { openIdleConnections } from "./idle-connections";

const DESCRIPTORS = 256;
/** The app keeps more than these for files and the database, however many connections are opened. */
const FREE_DESCRIPTORS = 32;
const IDLE_CONNECTIONS = 400;
const MIXED_ATTACKS = 200;
/** Their lines are larger than the 3 MiB that an app keeps in memory and the pipe together. */
const UNREAD_REQUESTS = 9000;
const REQUESTS_PER_CONNECTION = 25;
const CONNECTIONS_AT_ONCE = 40;
const FILL_SECONDS = 120;
const RESUME_SECONDS = 30;
const PAGES = ["/login", "/register", "/maintenance"];
const PAGES_OF_USERS = ["/dashboard", "/dashboard/account", "/dashboard/sessions"];

/** Restarts one instance with few descriptors and a log that is not read. Users are served by the other one meanwhile. */
export async function attackLimitedInstance(
  lab: Lab,
  users: readonly SimulatedUser[],
  clients: HostileClients,
  share: number,
): Promise<void> {
  const { stack, results } = lab;
  const [, instance] = stack.instances;
  const pipe = new UnreadLog(join(DATA, "lab", "unread-log"));
  await instance.stop();
  await stack.startInstance(instance, { log: pipe.writer, prefix: limitDescriptors(DESCRIPTORS) });
  pipe.closeWriter();
  const file = instance.log;
  const copyArrived = () => appendFileSync(file, pipe.read(), { mode: 0o600 });
  const baselines = baselineOf([instance]);
  const answeredIds = await fillLog(instance, clients);
  const recovered = (attack: string) => checkRecovery(lab, users, clients, baselines, attack);
  let isSameProcess = await recovered("many requests with an unread log");

  copyArrived();
  const copying = setInterval(copyArrived, 10);
  const log = new AppLog(file, (line) => line.includes('"dropped":'));
  if (isSameProcess) {
    await checkDroppedLines(lab, log, answeredIds);
    const mixed = Array.from({ length: Math.ceil(MIXED_ATTACKS * share) }, () => clients.generator.mixed());
    const laterIds = await clients.attack([instance], mixed);
    isSameProcess = await recovered("hostile connections with few file descriptors");
    await checkRequestLines(lab, laterIds, [log]);
  }
  if (isSameProcess) {
    await checkFewDescriptors(lab, instance, users[0]!);
    await recovered("exhausted file descriptors");
  }

  const code = await instance.stop();
  results.check("processes", code === 0, () => `instance ${instance.index} exited with ${code} after SIGTERM`);
  clearInterval(copying);
  copyArrived();
  log.close();
  pipe.close();
  await stack.startInstance(instance);
}

/** Returns the ids of the answered requests. */
async function fillLog(instance: Instance, clients: HostileClients): Promise<readonly string[]> {
  const ids: string[] = [];
  const deadline = Date.now() + FILL_SECONDS * 1000;
  while (ids.length < UNREAD_REQUESTS && Date.now() < deadline) {
    const attacks = Array.from({ length: CONNECTIONS_AT_ONCE }, () =>
      clients.generator.longPaths(REQUESTS_PER_CONNECTION),
    );
    ids.push(...(await clients.attack([instance], attacks)));
  }
  return ids;
}

/** After reading has resumed the app reports how many lines it dropped: every request has its line or is one of them. */
async function checkDroppedLines({ results }: Lab, log: AppLog, answeredIds: readonly string[]): Promise<void> {
  const deadline = Date.now() + RESUME_SECONDS * 1000;
  for (;;) {
    const unlogged = log.withoutRequestLine(answeredIds).length;
    const reports = log.linesOutsideRequests().map((line) => JSON.parse(line) as DropReport);
    const dropped = reports.reduce((sum, report) => sum + report.dropped, 0);
    const events = reports.reduce((sum, report) => sum + report.droppedSecurityEvents, 0);
    const areReported = dropped > 0 && unlogged <= dropped;
    if (areReported || Date.now() > deadline) {
      const counts = `${answeredIds.length} requests, ${unlogged} without a line, ${dropped} lines reported as dropped`;
      results.addNote("unread log", counts);
      results.check("request lines", areReported, () => `with an unread log: ${counts}`);
      return results.check("request lines", events === 0, () => `${events} security events were dropped`);
    }
    await pause(50);
  }
}

interface DropReport {
  dropped: number;
  droppedSecurityEvents: number;
}

/**
 * More connections than the process has descriptors: pages are loaded for the first time while they are open, and work after
 * descriptors have run out.
 */
async function checkFewDescriptors(lab: Lab, instance: Instance, user: SimulatedUser): Promise<void> {
  const visitor = new Browser(lab, USER_AGENTS[0], "127.2.0.1", inventLabAccount());
  const loadPages = async (when: string) => {
    await checkPages(lab, visitor, instance, PAGES, when);
    await checkPages(lab, user.browser, instance, PAGES_OF_USERS, when);
  };
  const close = await openIdleConnections([instance], IDLE_CONNECTIONS);
  const taken = countDescriptors(instance.pid) ?? 0;
  lab.results.check(
    "descriptors",
    taken < DESCRIPTORS - FREE_DESCRIPTORS || !canLimitDescriptors(),
    () => `${IDLE_CONNECTIONS} idle connections took ${taken} of ${DESCRIPTORS} descriptors`,
  );
  await loadPages(`beside ${IDLE_CONNECTIONS} connections`);
  close();
  // An open connection still reaches the app when it cannot accept another.
  const agent = new Agent({ keepAlive: true, maxSockets: 1 });
  const load = (path: string) =>
    sendRequest({ method: "GET", path, headers: {}, port: instance.port, timeoutMilliseconds: 3000, agent });
  await load("/api/health/live");
  await exhaustDescriptors(instance, async () => {
    for (const path of PAGES) await load(path);
  });
  agent.destroy();
  await loadPages("after descriptors had run out");
  lab.results.addNote(
    "file descriptors",
    `${taken} of ${DESCRIPTORS} taken by a process with ${IDLE_CONNECTIONS} connections`,
  );
}

async function checkPages(
  lab: Lab,
  browser: Browser,
  { index }: Instance,
  paths: readonly string[],
  when: string,
): Promise<void> {
  for (const path of paths) {
    const load = () => browser.open(path, { instance: index, timeoutMilliseconds: 12_000 });
    if (!(await checkSucceeds(lab, load, `${path} ${when}`, "descriptors"))) return;
  }
}

/** Meanwhile the process can open nothing. */
async function exhaustDescriptors({ pid }: Instance, work: () => Promise<void>): Promise<void> {
  if (!canLimitDescriptors()) return;
  const limit = (soft: number) => execFileSync("prlimit", ["--pid", String(pid), `--nofile=${soft}:${DESCRIPTORS}`]);
  limit(0);
  try {
    await work();
  } finally {
    limit(DESCRIPTORS);
  }
}
