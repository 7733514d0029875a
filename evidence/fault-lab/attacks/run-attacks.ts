import { AppLog } from "@/evidence/app-log";
import { AttackGenerator, type Attack } from "@/evidence/connection-attacks/attack-generator";
import { checkFinalState } from "@/evidence/fault-lab/final-checks";
import type { Lab } from "@/evidence/fault-lab/lab";
import { makeRefreshDue } from "@/evidence/fault-lab/make-refresh-due";
import { signInUsers, type SimulatedUser } from "@/evidence/fault-lab/simulated-user";
import { forEachConcurrently } from "@/evidence/pause";
import { baselineOf, checkRecovery, checkRequestLines, checkSucceeds, findUpdateIds } from "./attack-checks";
import { HostileClients } from "./hostile-clients";
import { openIdleConnections } from "./idle-connections";
import { attackLimitedInstance } from "./limited-instance";

export interface AttackOptions {
  browsers: number;
  /** Fraction of the full number of connections. */
  share: number;
}

const MIXED_ATTACKS = 800;
/** For each instance. Twenty that leak their seven places each would use up the 70 of the password admission queue. */
const QUEUED_CALLS = 40;
const QUEUED_CONNECTS = 160;
const IDLE_CONNECTIONS = 3000;
const CONCURRENT_USERS = 16;
const DRAIN_MILLISECONDS = 60_000;

/** Attacks the connections of both instances while users work, then one instance with an unread log and few descriptors. */
export async function runAttacks(lab: Lab, options: AttackOptions, say: (detail: string) => void): Promise<void> {
  const { instances } = lab.stack;
  const users = await signInUsers(lab, options.browsers, say);
  const clients = new HostileClients(lab, lab.random.stream("attacks"));
  await forEachConcurrently(clients.browsers, clients.browsers.length, async (browser) => {
    await checkSucceeds(lab, () => browser.register(), "a registration");
    browser.allowSignedOut();
  });

  const userWork = Promise.all(users.map((user) => user.useTabs()));
  await lab.duringFault(async () => {
    await makeRefreshesDue(lab, users);
    say("pipelined requests, CONNECT and resets");
    await sendHostileRequests(lab, users, clients, options.share);
    await makeRefreshesDue(lab, users);
    say("idle connections");
    await holdIdleConnections(lab, users, clients, Math.ceil(IDLE_CONNECTIONS * options.share));
    await makeRefreshesDue(lab, users);
    say("unread log, few file descriptors");
    await attackLimitedInstance(lab, users, clients, options.share);
  });
  lab.end();
  say("all users finish");
  await userWork;
  await Promise.all(instances.map((instance) => instance.ready()));
  await checkFinalState(lab, users, say, (browsers) =>
    forEachConcurrently(browsers, CONCURRENT_USERS, (browser) => makeRefreshDue(browser)),
  );
}

/** Every user's next requests have to refresh. Until then no request is in progress, which would count as a late one. */
async function makeRefreshesDue({ stack }: Lab, users: readonly SimulatedUser[]): Promise<void> {
  await forEachConcurrently(users, CONCURRENT_USERS, async (user) => {
    await user.runExclusively(async () => {
      // An instance reads requests in order: when it has answered this one, it has handled those that timed out at the client.
      for (const { index } of stack.instances)
        await user.browser.call("auth.session", { instance: index, timeoutMilliseconds: DRAIN_MILLISECONDS });
      await makeRefreshDue(user.browser);
    });
  });
}

async function sendHostileRequests(
  lab: Lab,
  users: readonly SimulatedUser[],
  clients: HostileClients,
  share: number,
): Promise<void> {
  const { instances } = lab.stack;
  const { generator } = clients;
  const logs = instances.map(({ log }) => new AppLog(log, () => false));
  const baselines = baselineOf(instances);
  const times = (count: number, attack: () => Attack) => Array.from({ length: Math.ceil(count) }, attack);
  const attacks = [
    ...times(MIXED_ATTACKS * share, () => generator.mixed()),
    ...generator.truncated(Math.ceil(4 / share)),
    ...times(QUEUED_CALLS * instances.length, () => generator.queuedCalls()),
    ...times(QUEUED_CONNECTS * share, () => generator.queuedConnect()),
  ];
  const answeredIds = await clients.attack(instances, attacks);
  await checkRecovery(lab, users, clients, baselines, "hostile connections");
  await checkRequestLines(lab, [...answeredIds, ...(await findUpdateIds(lab, clients))], logs);
  const processed = logs.reduce((sum, log) => sum + log.countRequests(AttackGenerator.isAttackId), 0);
  lab.results.addNote(
    "hostile connections",
    `${attacks.length} with ${processed} processed requests, ${answeredIds.length} of them answered`,
  );
  for (const log of logs) log.close();
}

/** While very many idle connections are open, users are served. */
async function holdIdleConnections(
  lab: Lab,
  users: readonly SimulatedUser[],
  clients: HostileClients,
  count: number,
): Promise<void> {
  const baselines = baselineOf(lab.stack.instances);
  const close = await openIdleConnections(lab.stack.instances, count);
  try {
    await Promise.all(
      lab.stack.instances.map(({ index }) =>
        checkSucceeds(
          lab,
          () => users[0]!.browser.call("users.me", { instance: index }),
          "a call beside idle connections",
        ),
      ),
    );
  } finally {
    close();
  }
  await checkRecovery(lab, users, clients, baselines, "idle connections");
  lab.results.addNote("idle connections", `${count} on two instances, users served meanwhile`);
}
