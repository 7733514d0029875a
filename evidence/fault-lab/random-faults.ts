import { pause } from "@/evidence/pause";
import type { Random } from "@/evidence/random";
import type { Instance } from "./instance";
import type { World } from "./lab";

/** Takes servers away and brings them back, one disaster after the other, until the world is over. */
export async function bringDisasters(world: World, { outageSeconds, everySeconds }: Pace): Promise<void> {
  const random = world.random.stream("disasters");
  // Every kind once before any comes again.
  let hand: [string, Disaster][] = [];
  let outageLeft = outageSeconds > 0;
  await world.wait(everySeconds * 500);
  while (!world.isOver) {
    if (hand.length === 0) hand = shuffled(DISASTERS, random);
    const [name, disaster] = hand.pop()!;
    world.tally.add("disasters");
    world.tally.add(`disasters: ${name}`);
    await world.trouble(() => disaster(world, random));
    if (outageLeft && hand.length <= DISASTERS.length / 2) {
      outageLeft = false;
      await world.trouble(() => takeDatabaseAway(world, outageSeconds));
    }
    await world.wait(random.between(0.5, 1.5) * everySeconds * 1000);
  }
}

export interface Pace {
  everySeconds: number;
  /** How long the database is away once; 0 for never. */
  outageSeconds: number;
}

type Disaster = (world: World, random: Random) => Promise<void>;

const DISASTERS: readonly [string, Disaster][] = [
  ["app killed", killInstance],
  ["database killed", killDatabase],
  ["app killed", killInstance],
  ["both killed", killBoth],
  ["database connections cut", cutDatabaseConnections],
  ["clients cut", cutClients],
  ["database slow", slowDatabase],
  ["database frozen", freezeDatabase],
];

async function killInstance({ stack }: World, random: Random): Promise<void> {
  const instance = random.pick(stack.instances);
  await instance.kill();
  await pause(random.between(0, 500));
  await stack.startInstance(instance);
}

async function killDatabase({ stack }: World, random: Random): Promise<void> {
  await stack.killDatabase();
  await pause(random.between(0, 1500));
  await stack.server.start();
}

async function killBoth({ stack }: World, random: Random): Promise<void> {
  const instance = random.pick(stack.instances);
  await Promise.all([stack.killDatabase(), instance.kill()]);
  await Promise.all([stack.server.start(), stack.startInstance(instance)]);
}

async function cutDatabaseConnections({ stack }: World, random: Random): Promise<void> {
  const { wire }: Instance = random.pick(stack.instances);
  for (let time = 0; time < 5; time++) {
    wire.cut();
    await pause(random.between(20, 200));
  }
}

async function cutClients({ stack }: World, random: Random): Promise<void> {
  for (let time = 0; time < 5; time++) {
    stack.front.cut();
    await pause(random.between(20, 200));
  }
}

async function slowDatabase({ stack }: World, random: Random): Promise<void> {
  const { wire } = random.pick(stack.instances);
  wire.latencyMilliseconds = random.between(100, 600);
  await pause(3000);
  wire.latencyMilliseconds = 0;
}

async function freezeDatabase({ stack }: World, random: Random): Promise<void> {
  await stack.server.pause();
  await pause(random.between(1000, 4000));
  await stack.server.resume();
}

async function takeDatabaseAway({ stack, tally }: World, seconds: number): Promise<void> {
  const counts = () => [tally.of("requests"), tally.of("told to wait"), tally.brokenTimes("cookies kept")] as const;
  const before = counts();
  await stack.server.stop();
  await pause(seconds * 1000);
  const [requests, waits, cookies] = counts().map((count, at) => count - before[at]!);
  await stack.server.start();
  tally.note("database away", `${seconds} s: ${requests} requests, ${waits} told to wait, ${cookies} cookies taken`);
}

function shuffled<Item>(items: readonly Item[], random: Random): Item[] {
  return items
    .map((item) => ({ item, at: random.next() }))
    .sort((one, other) => one.at - other.at)
    .map(({ item }) => item);
}
