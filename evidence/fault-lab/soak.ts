import { audit } from "./final-checks";
import { bringDisasters, type Pace } from "./random-faults";
import { liveALife } from "./user-behavior";
import { forEachAtOnce, pause } from "@/evidence/pause";
import { Person } from "./simulated-user";
import type { Random } from "@/evidence/random";
import { revokeInTheCrowd } from "./revocation-lag";
import { plantCarelessTheft, plantTheft } from "./thefts";
import type { World } from "./lab";

export interface Soak extends Pace {
  seconds: number;
  browsers: number;
  /** How many thefts are planted, clear of the window. */
  thefts: number;
  /** Between two measurements of a revocation. */
  revocationEverySeconds: number;
}

/** Everybody at once for so long: tabs, sleep, bad networks, thieves, and servers that come and go. */
export async function soak(world: World, plan: Soak, say: (detail: string) => void): Promise<void> {
  const persons = Array.from(
    { length: plan.browsers },
    (_, at) => new Person(world, world.random.stream(`person ${at}`), plan.browsers),
  );
  let entered = 0;
  await forEachAtOnce(persons, 16, async (person) => {
    await person.enter("register");
    say(`${++entered} of ${plan.browsers} browsers signed in`);
  });

  const endsAt = Date.now() + plan.seconds * 1000;
  const progress = setInterval(() => say(describeProgress(world, endsAt)), 1000);
  const lives = Promise.all(persons.flatMap((person) => [person.live(), liveALife(person)]));
  const around = Promise.all([
    bringDisasters(world, plan),
    plantThefts(world, persons, plan),
    revokeInTheCrowd(world, plan.revocationEverySeconds),
  ]);
  await pause(plan.seconds * 1000);
  world.end();
  say("everybody comes to an end");
  await Promise.all([lives, around]);
  clearInterval(progress);
  await Promise.all(world.stack.instances.map((instance) => instance.ready()));
  await audit(world, persons, say);
}

/** Spread over the time that leaves each of them enough to be noticed in. */
async function plantThefts(world: World, persons: readonly Person[], plan: Soak): Promise<void> {
  const random = world.random.stream("thefts");
  const span = Math.max(0, plan.seconds * 1000 - 4 * world.clearMilliseconds);
  const under: Promise<void>[] = [];
  for (let theft = 0; theft < plan.thefts && !world.isOver; theft++) {
    const kind = { thiefIsFirst: theft % 2 === 0, isSameBrowser: theft % 4 < 2 };
    const chance = random.stream(`theft ${theft}`);
    const plant = (person: Person) =>
      theft % 5 === 4 ? plantCarelessTheft(person, chance) : plantTheft(person, chance, kind);
    under.push(untilOneIsRobbed(world, persons, chance, plant));
    await world.wait((span / plan.thefts) * random.between(0.5, 1.5));
  }
  await Promise.all(under);
}

async function untilOneIsRobbed(
  world: World,
  persons: readonly Person[],
  random: Random,
  plant: (person: Person) => Promise<boolean>,
): Promise<void> {
  while (!world.isOver && !(await plant(random.pick(persons)))) await pause(20);
}

function describeProgress({ tally, stack }: World, endsAt: number): string {
  const left = Math.max(0, Math.round((endsAt - Date.now()) / 1000));
  const kills = stack.instances[0].kills + stack.instances[1].kills;
  const broken = [...tally.broken.values()].reduce((sum, count) => sum + count, 0);
  return (
    `${left} s left, ${tally.of("requests")} requests, ${tally.of("lost replies")} lost replies, ` +
    `${kills}+${stack.databaseKills} kills, ${tally.of("thefts noticed")} of ${tally.of("thefts planted")} thefts noticed, ` +
    `${tally.brokenTimes("signed in")} spurious logouts, ${broken} complaints`
  );
}
