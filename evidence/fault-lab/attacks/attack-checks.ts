import type { AppLog } from "@/evidence/app-log";
import { AttackGenerator } from "@/evidence/connection-attacks/attack-generator";
import { countDescriptors, isAlive } from "@/evidence/connection-attacks/process-state";
import { findUnloggedRequests } from "@/evidence/connection-attacks/request-lines";
import { describeOutcome, type BrowserOutcome } from "@/evidence/fault-lab/browser-outcome";
import type { Instance } from "@/evidence/fault-lab/instance";
import type { Lab } from "@/evidence/fault-lab/lab";
import type { Invariant } from "@/evidence/fault-lab/results";
import type { SimulatedUser } from "@/evidence/fault-lab/simulated-user";
import { forEachConcurrently, pause } from "@/evidence/pause";
import type { HostileClients } from "./hostile-clients";

/** How long an instance may take to recover, on a busy machine. */
const RECOVERY_SECONDS = 120;
/** Of one call: the most that the protocol allows with production lifetimes. */
const TIMEOUT_MILLISECONDS = 12_000;
const CONCURRENT_CALLS = 8;
const MAX_LEAKED_DESCRIPTORS = 40;

/** The state of the instances before an attack. */
export interface Baseline {
  instance: Instance;
  pid: number;
  descriptors: number | null;
}

export function baselineOf(instances: readonly Instance[]): Baseline[] {
  return instances.map((instance) => ({ instance, pid: instance.pid, descriptors: countDescriptors(instance.pid) }));
}

/**
 * The same processes serve, every user's call and a new login succeed on each of them, and their descriptors are free again. Starts
 * an instance whose process has ended, and returns false.
 */
export async function checkRecovery(
  lab: Lab,
  users: readonly SimulatedUser[],
  { browsers: [attacker] }: HostileClients,
  baselines: readonly Baseline[],
  attack: string,
): Promise<boolean> {
  const { results } = lab;
  let areSame = true;
  for (const { instance, pid } of baselines) {
    const isSame = instance.pid === pid && isAlive(pid);
    results.check("processes", isSame, () => `process ${pid} of instance ${instance.index} has ended: ${attack}`);
    areSame &&= isSame;
    if (!isSame) await lab.stack.startInstance(instance);
    const options = { instance: instance.index, timeoutMilliseconds: TIMEOUT_MILLISECONDS };
    await forEachConcurrently(users, CONCURRENT_CALLS, async ({ browser }) => {
      await checkSucceeds(lab, () => browser.call("users.me", options), `a call after ${attack}`);
    });
    await checkSucceeds(lab, () => attacker!.login(options), `a login after ${attack}`);
    // Attacks may use up its refresh token.
    attacker!.allowSignedOut();
  }
  for (const baseline of baselines) await checkDescriptors(lab, baseline, attack);
  return areSame;
}

/** Retries until the deadline. Returns whether it succeeded. */
export async function checkSucceeds(
  { results }: Lab,
  send: () => Promise<BrowserOutcome>,
  what: string,
  invariant: Invariant = "recovery",
): Promise<boolean> {
  const deadline = Date.now() + RECOVERY_SECONDS * 1000;
  for (;;) {
    const outcome = await send();
    const hasSucceeded = outcome.kind === "fine";
    if (hasSucceeded || Date.now() > deadline) {
      results.check(invariant, hasSucceeded, () => `${what}: ${describeOutcome(outcome)}`);
      return hasSucceeded;
    }
    await pause(200);
  }
}

async function checkDescriptors(
  { results }: Lab,
  { instance, pid, descriptors }: Baseline,
  attack: string,
): Promise<void> {
  if (descriptors === null || !isAlive(pid)) return;
  const deadline = Date.now() + RECOVERY_SECONDS * 1000;
  for (;;) {
    const now = countDescriptors(pid) ?? descriptors;
    const areFree = now <= descriptors + MAX_LEAKED_DESCRIPTORS;
    if (areFree || Date.now() > deadline) {
      const change = `${descriptors} descriptors before ${attack}, ${now} after it`;
      return results.check("descriptors", areFree, () => `instance ${instance.index}: ${change}`);
    }
    await pause(200);
  }
}

/** The requests that set the names of these accounts. */
export async function findUpdateIds({ stack }: Lab, { browsers }: HostileClients): Promise<readonly string[]> {
  const emails = browsers.map(({ account }) => account.email);
  const rows = await stack.db.selectFrom("users").select("fullName").where("email", "in", emails).execute();
  return rows.map(({ fullName }) => AttackGenerator.idOfName(fullName)).filter((id) => id !== null);
}

/** Every request of an attack that was answered, changed a row or left another line has its request line in a log. */
export async function checkRequestLines(
  { results }: Lab,
  processedIds: readonly string[],
  logs: readonly AppLog[],
): Promise<void> {
  const unlogged = await findUnloggedRequests(logs, processedIds);
  results.check(
    "request lines",
    unlogged.length === 0,
    () => `${unlogged.length} have none, among them ${unlogged[0]}`,
  );
}
