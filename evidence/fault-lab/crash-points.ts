import type { Browser } from "./browser";
import { OPERATIONS, type Operation } from "./crash-operations";
import type { Instance } from "./instance";
import { say } from "./browser-outcome";
import type { Phase } from "./breakpoint";
import type { World } from "./lab";

type Killer = "app" | "database" | "connection";
const KILLERS: readonly Killer[] = ["connection", "app", "database"];

/** Where an operation is struck: at one of its statements, or when the work is done and the reply on its way. */
interface Point {
  operation: Operation;
  killer: Killer;
  statement: number | "reply";
  phase: Phase;
  /** How a healthy run goes. */
  statements: readonly string[];
}

/** Longer than any request lives here: what is struck ends by the blow. */
const LIFE_MILLISECONDS = 20_000;

/**
 * Strikes every operation at every point: before each of its statements reaches the database, while it runs there, after it
 * took effect and before anybody knows, and before the reply reaches the browser. Then the same browser goes on.
 */
export async function strikeEverywhere(world: World, isShort: boolean, say: (detail: string) => void): Promise<void> {
  const points: Point[] = [];
  for (const operation of OPERATIONS) {
    const statements = await recordHealthyRun(world, operation);
    world.tally.add("operations");
    for (const killer of KILLERS) points.push(...pointsOf(operation, killer, statements));
  }
  const chosen = isShort ? points.filter(isWorthATaste) : points;
  const target = new Turns();
  for (const [at, point] of chosen.entries()) {
    say(`${at + 1} of ${chosen.length}: ${nameOf(point)}`);
    await world.trouble(() => strike(world, point, target.next()));
    world.tally.add("crash points");
    world.tally.add(`crash points: ${point.operation.name}`);
    world.tally.add(`blows: ${point.killer} ${point.killer === "connection" ? "cut" : "killed"}`);
  }
}

function pointsOf(operation: Operation, killer: Killer, statements: readonly string[]): Point[] {
  const at = (statement: number | "reply", phase: Phase): Point => ({
    operation,
    killer,
    statement,
    phase,
    statements,
  });
  const numbers = statements.map((_, index) => index + 1);
  return [
    ...numbers.flatMap((number) => [
      at(number, "before"),
      // A statement that changes nothing is the same half-way through.
      ...(/^\s*select/i.test(statements[number - 1]!) ? [] : [at(number, "during")]),
      at(number, "after"),
    ]),
    at("reply", "after"),
  ];
}

/** All of them by cutting connections, which is quick; of the slow killings those where the work was done and nobody knew. */
function isWorthATaste({ operation, killer, statement, phase, statements }: Point): boolean {
  if (killer === "connection") return operation.name === "rotation" || operation.name === "logout";
  if (operation.name !== "rotation") return false;
  return killer === "app" ? statement === statements.length && phase === "after" : statement === "reply";
}

async function recordHealthyRun(world: World, operation: Operation): Promise<readonly string[]> {
  const browser = await operation.prepare(world);
  const { wire } = world.stack.instances[0];
  const statements = wire.record();
  const reply = await operation.perform(browser, { instance: 0 });
  wire.spring();
  if (reply.kind !== "fine") throw new Error(`A healthy ${operation.name} was answered ${say(reply)}`);
  return statements;
}

async function strike(world: World, point: Point, target: number): Promise<void> {
  const { operation, killer } = point;
  const { stack, tally } = world;
  const instance = stack.instances[target]!;
  // Whoever was struck while it counted a hit counts in its own memory for five seconds, and sends fewer statements.
  const browser = (await blow(world, point, instance)) ?? (await blow(world, point, instance));
  tally.expect("crash points", browser !== null, () => `${nameOf(point)}: never came so far`);
  if (browser === null) return;

  if (killer === "database") await stack.server.start();
  // The other instance takes over at once; the killed one comes back meanwhile.
  const comesBack = killer === "app" ? stack.startInstance(instance) : Promise.resolve();
  const wrong = await operation.goOn(browser, killer === "app" ? { instance: 1 - target } : {});
  tally.expect("crash points", wrong === null, () => `${nameOf(point)}: ${wrong}`);
  await comesBack;
}

/** Somebody whose operation was struck at that point, or null if it never came so far. */
async function blow(world: World, point: Point, instance: Instance): Promise<Browser | null> {
  const { operation, killer, statement, phase } = point;
  const browser = await operation.prepare(world);
  let killing = Promise.resolve();
  const kill = () =>
    (killing = killer === "app" ? instance.kill() : killer === "database" ? world.stack.killDatabase() : killing);

  let wasReached = statement === "reply";
  const judgeReply = async () => {
    if (statement === "reply") await kill();
    return statement !== "reply";
  };
  const trap = instance.wire.trap((_, number) => (number === statement ? phase : null));
  const performing = operation.perform(browser, {
    instance: instance.index,
    fate: { judgeReply },
    lifeMilliseconds: LIFE_MILLISECONDS,
  });
  if (statement !== "reply") {
    wasReached = await trap.until(1, 10);
    if (wasReached) await kill();
  }
  instance.wire.spring();
  await Promise.all([performing, killing]);
  return wasReached ? browser : null;
}

function nameOf({ operation, killer, statement, phase, statements }: Point): string {
  const where =
    statement === "reply"
      ? "before the reply arrives"
      : `${phase} statement ${statement} of ${statements.length} (${statements[statement - 1]!.trim().slice(0, 24)}…)`;
  return `${operation.name}, ${killer} ${killer === "connection" ? "cut" : "killed"} ${where}`;
}

class Turns {
  #at = 0;

  next(): number {
    return this.#at++ % 2;
  }
}
