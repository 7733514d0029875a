import { pause } from "@/evidence/pause";
import type { Random } from "@/evidence/random";
import { checkFinalState } from "./final-checks";
import type { Lab } from "./lab";
import { injectRandomFaults, type FaultSchedule } from "./random-faults";
import { measureRevocationLagUnderLoad } from "./revocation-lag";
import { signInUsers, type SimulatedUser } from "./simulated-user";
import { simulateTheftWithinGrace, simulateTheft } from "./thefts";
import { simulateUser } from "./user-behavior";

export interface SoakOptions extends FaultSchedule {
  seconds: number;
  browsers: number;
  /** Number of simulated thefts. */
  thefts: number;
  /** Interval between two measurements of the revocation lag. */
  revocationEverySeconds: number;
}

/** All users at once, with network faults, token thefts and random faults of the servers. */
export async function runSoak(lab: Lab, options: SoakOptions, say: (detail: string) => void): Promise<void> {
  const users = await signInUsers(lab, options.browsers, say);
  const endsAt = Date.now() + options.seconds * 1000;
  const progress = setInterval(() => say(describeProgress(lab, endsAt)), 1000);
  const userWork = Promise.all(users.flatMap((user) => [user.useTabs(), simulateUser(user)]));
  const faults = Promise.all([
    injectRandomFaults(lab, options),
    simulateThefts(lab, users, options),
    measureRevocationLagUnderLoad(lab, options.revocationEverySeconds),
  ]);
  await pause(options.seconds * 1000);
  lab.end();
  say("all users finish");
  await Promise.all([userWork, faults]);
  clearInterval(progress);
  await Promise.all(lab.stack.instances.map((instance) => instance.ready()));
  await checkFinalState(lab, users, say);
}

/** Spreads the thefts over the run, so that each has enough time to be detected. */
async function simulateThefts(lab: Lab, users: readonly SimulatedUser[], options: SoakOptions): Promise<void> {
  const random = lab.random.stream("thefts");
  const span = Math.max(0, options.seconds * 1000 - 4 * lab.beyondGraceMilliseconds);
  const pending: Promise<void>[] = [];
  for (let theft = 0; theft < options.thefts && !lab.hasEnded; theft++) {
    const theftKind = { thiefIsFirst: theft % 2 === 0, isSameBrowser: theft % 4 < 2 };
    const draws = random.stream(`theft ${theft}`);
    const simulate = (user: SimulatedUser) =>
      theft % 5 === 4 ? simulateTheftWithinGrace(user, draws) : simulateTheft(user, draws, theftKind);
    pending.push(retryWithAnyUser(lab, users, draws, simulate));
    await lab.wait((span / options.thefts) * random.between(0.5, 1.5));
  }
  await Promise.all(pending);
}

async function retryWithAnyUser(
  lab: Lab,
  users: readonly SimulatedUser[],
  random: Random,
  simulate: (user: SimulatedUser) => Promise<boolean>,
): Promise<void> {
  while (!lab.hasEnded && !(await simulate(random.pick(users)))) await pause(20);
}

function describeProgress({ results, stack }: Lab, endsAt: number): string {
  const left = Math.max(0, Math.round((endsAt - Date.now()) / 1000));
  const kills = stack.instances[0].kills + stack.instances[1].kills;
  const violations = [...results.violationCounts.values()].reduce((sum, count) => sum + count, 0);
  return (
    `${left} s left, ${results.countOf("requests")} requests, ${results.countOf("lost responses")} lost responses, ` +
    `${kills}+${stack.databaseKills} kills, ${results.countOf("thefts detected")} of ${results.countOf("thefts simulated")} thefts detected, ` +
    `${results.violationCount("signed in")} unexpected logouts, ${violations} violations`
  );
}
