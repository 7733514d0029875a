import { checkFinalState } from "./final-checks";
import { injectRandomFaults, type FaultSchedule } from "./random-faults";
import { simulateUser } from "./user-behavior";
import { forEachConcurrently, pause } from "@/evidence/pause";
import { SimulatedUser } from "./simulated-user";
import type { Random } from "@/evidence/random";
import { measureRevocationLagUnderLoad } from "./revocation-lag";
import { simulateTheftWithinGrace, simulateTheft } from "./thefts";
import type { Lab } from "./lab";

export interface SoakOptions extends FaultSchedule {
  seconds: number;
  browsers: number;
  /** How many thefts are planted, clear of the window. */
  thefts: number;
  /** Between two measurements of a revocation. */
  revocationEverySeconds: number;
}

/** Everybody at once for so long: tabs, sleep, bad networks, thieves, and servers that come and go. */
export async function runSoak(lab: Lab, plan: SoakOptions, say: (detail: string) => void): Promise<void> {
  const users = Array.from(
    { length: plan.browsers },
    (_, at) => new SimulatedUser(lab, lab.random.stream(`person ${at}`), plan.browsers),
  );
  let entered = 0;
  await forEachConcurrently(users, 16, async (user) => {
    await user.signIn("register");
    say(`${++entered} of ${plan.browsers} browsers signed in`);
  });

  const endsAt = Date.now() + plan.seconds * 1000;
  const progress = setInterval(() => say(describeProgress(lab, endsAt)), 1000);
  const lifetimes = Promise.all(users.flatMap((user) => [user.useTabs(), simulateUser(user)]));
  const around = Promise.all([
    injectRandomFaults(lab, plan),
    simulateThefts(lab, users, plan),
    measureRevocationLagUnderLoad(lab, plan.revocationEverySeconds),
  ]);
  await pause(plan.seconds * 1000);
  lab.end();
  say("everybody comes to an end");
  await Promise.all([lifetimes, around]);
  clearInterval(progress);
  await Promise.all(lab.stack.instances.map((instance) => instance.ready()));
  await checkFinalState(lab, users, say);
}

/** Spread over the time that leaves each of them enough to be noticed in. */
async function simulateThefts(lab: Lab, users: readonly SimulatedUser[], plan: SoakOptions): Promise<void> {
  const random = lab.random.stream("thefts");
  const span = Math.max(0, plan.seconds * 1000 - 4 * lab.beyondGraceMilliseconds);
  const under: Promise<void>[] = [];
  for (let theft = 0; theft < plan.thefts && !lab.hasEnded; theft++) {
    const kind = { thiefIsFirst: theft % 2 === 0, isSameBrowser: theft % 4 < 2 };
    const chance = random.stream(`theft ${theft}`);
    const plant = (user: SimulatedUser) =>
      theft % 5 === 4 ? simulateTheftWithinGrace(user, chance) : simulateTheft(user, chance, kind);
    under.push(retryWithAnyUser(lab, users, chance, plant));
    await lab.wait((span / plan.thefts) * random.between(0.5, 1.5));
  }
  await Promise.all(under);
}

async function retryWithAnyUser(
  lab: Lab,
  users: readonly SimulatedUser[],
  random: Random,
  plant: (user: SimulatedUser) => Promise<boolean>,
): Promise<void> {
  while (!lab.hasEnded && !(await plant(random.pick(users)))) await pause(20);
}

function describeProgress({ results, stack }: Lab, endsAt: number): string {
  const left = Math.max(0, Math.round((endsAt - Date.now()) / 1000));
  const kills = stack.instances[0].kills + stack.instances[1].kills;
  const broken = [...results.violationCounts.values()].reduce((sum, count) => sum + count, 0);
  return (
    `${left} s left, ${results.countOf("requests")} requests, ${results.countOf("lost replies")} lost replies, ` +
    `${kills}+${stack.databaseKills} kills, ${results.countOf("thefts noticed")} of ${results.countOf("thefts planted")} thefts noticed, ` +
    `${results.violationCount("signed in")} spurious logouts, ${broken} complaints`
  );
}
