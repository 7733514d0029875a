import { pause } from "@/evidence/pause";
import type { Random } from "@/evidence/random";
import { HostileClients } from "./attacks/hostile-clients";
import type { Instance } from "./instance";
import type { Lab } from "./lab";

const HOSTILE_CONNECTIONS = 12;

/** Injects one random fault after another until the run ends. */
export async function injectRandomFaults(lab: Lab, { outageSeconds, everySeconds }: FaultSchedule): Promise<void> {
  const random = lab.random.stream("faults");
  // Every fault is drawn once before any is repeated.
  let remaining: [string, InjectFault][] = [];
  let outagePending = outageSeconds > 0;
  await lab.wait(everySeconds * 500);
  while (!lab.hasEnded) {
    if (remaining.length === 0) remaining = random.shuffled(RANDOM_FAULTS);
    const [name, inject] = remaining.pop()!;
    lab.results.count("faults");
    lab.results.count(`faults: ${name}`);
    await lab.duringFault(() => inject(lab, random));
    if (outagePending && remaining.length <= RANDOM_FAULTS.length / 2) {
      outagePending = false;
      await lab.duringFault(() => stopDatabase(lab, outageSeconds));
    }
    await lab.wait(random.between(0.5, 1.5) * everySeconds * 1000);
  }
}

export interface FaultSchedule {
  everySeconds: number;
  /** Duration of the one long database outage; 0 for none. */
  outageSeconds: number;
}

type InjectFault = (lab: Lab, random: Random) => Promise<void>;

const RANDOM_FAULTS: readonly [string, InjectFault][] = [
  ["app killed", killInstance],
  ["database killed", killDatabase],
  ["app killed", killInstance],
  ["both killed", killBoth],
  ["database connections closed", closeDatabaseConnections],
  ["client connections reset", resetClientConnections],
  ["hostile connections", openHostileConnections],
  ["database slow", slowDatabase],
  ["database suspended", suspendDatabase],
];

async function killInstance({ stack }: Lab, random: Random): Promise<void> {
  const instance = random.pick(stack.instances);
  await instance.kill();
  await pause(random.between(0, 500));
  await stack.startInstance(instance);
}

async function killDatabase({ stack }: Lab, random: Random): Promise<void> {
  await stack.killDatabase();
  await pause(random.between(0, 1500));
  await stack.server.start();
}

async function killBoth({ stack }: Lab, random: Random): Promise<void> {
  const instance = random.pick(stack.instances);
  await Promise.all([stack.killDatabase(), instance.kill()]);
  await Promise.all([stack.server.start(), stack.startInstance(instance)]);
}

async function closeDatabaseConnections({ stack }: Lab, random: Random): Promise<void> {
  const { databaseProxy }: Instance = random.pick(stack.instances);
  for (let time = 0; time < 5; time++) {
    databaseProxy.closeConnections();
    await pause(random.between(20, 200));
  }
}

async function resetClientConnections({ stack }: Lab, random: Random): Promise<void> {
  for (let time = 0; time < 5; time++) {
    stack.loadBalancer.resetConnections();
    await pause(random.between(20, 200));
  }
}

async function openHostileConnections(lab: Lab, random: Random): Promise<void> {
  const clients = new HostileClients(lab, random);
  const attacks = Array.from({ length: HOSTILE_CONNECTIONS }, () => clients.generator.mixed());
  await clients.attack([random.pick(lab.stack.instances)], attacks);
}

async function slowDatabase({ stack }: Lab, random: Random): Promise<void> {
  const { databaseProxy } = random.pick(stack.instances);
  databaseProxy.latencyMilliseconds = random.between(100, 600);
  await pause(3000);
  databaseProxy.latencyMilliseconds = 0;
}

async function suspendDatabase({ stack }: Lab, random: Random): Promise<void> {
  await stack.server.pause();
  await pause(random.between(1000, 4000));
  await stack.server.resume();
}

async function stopDatabase({ stack, results }: Lab, seconds: number): Promise<void> {
  const counts = () =>
    [
      results.countOf("requests"),
      results.countOf("unavailable responses"),
      results.violationCount("cookies kept"),
    ] as const;
  const before = counts();
  await stack.server.stop();
  await pause(seconds * 1000);
  const [requests, waits, cookies] = counts().map((count, at) => count - before[at]!);
  await stack.server.start();
  results.addNote(
    "database outage",
    `${seconds} s: ${requests} requests, ${waits} unavailable responses, ${cookies} cookies cleared`,
  );
}
