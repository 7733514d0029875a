import type { Browser } from "./browser";
import { OPERATIONS, type Operation } from "./crash-operations";
import type { Instance } from "./instance";
import { describeOutcome } from "./browser-outcome";
import type { Phase } from "./breakpoint";
import type { Lab } from "./lab";

type CrashKind = "app" | "database" | "connection";
const CRASH_KINDS: readonly CrashKind[] = ["connection", "app", "database"];

/** Where an operation is struck: at one of its statements, or when the work is done and the reply on its way. */
interface CrashPoint {
  operation: Operation;
  crash: CrashKind;
  statement: number | "response";
  phase: Phase;
  /** How a healthy run goes. */
  statements: readonly string[];
}

/** Longer than any request lives here: what is struck ends by the blow. */
const TIMEOUT_MILLISECONDS = 20_000;

/**
 * Strikes every operation at every point: before each of its statements reaches the database, while it runs there, after it
 * took effect and before anybody knows, and before the reply reaches the browser. Then the same browser goes on.
 */
export async function testCrashPoints(lab: Lab, isShort: boolean, say: (detail: string) => void): Promise<void> {
  const points: CrashPoint[] = [];
  for (const operation of OPERATIONS) {
    const statements = await recordStatements(lab, operation);
    lab.results.count("operations");
    for (const crash of CRASH_KINDS) points.push(...pointsOf(operation, crash, statements));
  }
  const chosen = isShort ? points.filter(isInShortRun) : points;
  const target = new Turns();
  for (const [at, point] of chosen.entries()) {
    say(`${at + 1} of ${chosen.length}: ${nameOf(point)}`);
    await lab.duringFault(() => testCrashPoint(lab, point, target.next()));
    lab.results.count("crash points");
    lab.results.count(`crash points: ${point.operation.name}`);
    lab.results.count(`blows: ${point.crash} ${point.crash === "connection" ? "cut" : "killed"}`);
  }
}

function pointsOf(operation: Operation, crash: CrashKind, statements: readonly string[]): CrashPoint[] {
  const at = (statement: number | "response", phase: Phase): CrashPoint => ({
    operation,
    crash,
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
    at("response", "after"),
  ];
}

/** All of them by cutting connections, which is quick; of the slow killings those where the work was done and nobody knew. */
function isInShortRun({ operation, crash, statement, phase, statements }: CrashPoint): boolean {
  if (crash === "connection") return operation.name === "rotation" || operation.name === "logout";
  if (operation.name !== "rotation") return false;
  return crash === "app" ? statement === statements.length && phase === "after" : statement === "response";
}

async function recordStatements(lab: Lab, operation: Operation): Promise<readonly string[]> {
  const browser = await operation.prepare(lab);
  const { databaseProxy } = lab.stack.instances[0];
  const statements = databaseProxy.record();
  const outcome = await operation.perform(browser, { instance: 0 });
  databaseProxy.reset();
  if (outcome.kind !== "fine") throw new Error(`A healthy ${operation.name} was answered ${describeOutcome(outcome)}`);
  return statements;
}

async function testCrashPoint(lab: Lab, point: CrashPoint, target: number): Promise<void> {
  const { operation, crash } = point;
  const { stack, results } = lab;
  const instance = stack.instances[target]!;
  // Whoever was struck while it counted a hit counts in its own memory for five seconds, and sends fewer statements.
  const browser =
    (await crashDuringOperation(lab, point, instance)) ?? (await crashDuringOperation(lab, point, instance));
  results.check("crash points", browser !== null, () => `${nameOf(point)}: never came so far`);
  if (browser === null) return;

  if (crash === "database") await stack.server.start();
  // The other instance takes over at once; the killed one comes back meanwhile.
  const comesBack = crash === "app" ? stack.startInstance(instance) : Promise.resolve();
  const wrong = await operation.verify(browser, crash === "app" ? { instance: 1 - target } : {});
  results.check("crash points", wrong === null, () => `${nameOf(point)}: ${wrong}`);
  await comesBack;
}

/** Somebody whose operation was struck at that point, or null if it never came so far. */
async function crashDuringOperation(lab: Lab, point: CrashPoint, instance: Instance): Promise<Browser | null> {
  const { operation, crash, statement, phase } = point;
  const browser = await operation.prepare(lab);
  let killing = Promise.resolve();
  const kill = () =>
    (killing = crash === "app" ? instance.kill() : crash === "database" ? lab.stack.killDatabase() : killing);

  let wasReached = statement === "response";
  const deliversResponse = async () => {
    if (statement === "response") await kill();
    return statement !== "response";
  };
  const breakpoint = instance.databaseProxy.setBreakpoint((_, number) => (number === statement ? phase : null));
  const performing = operation.perform(browser, {
    instance: instance.index,
    networkFault: { deliversResponse },
    timeoutMilliseconds: TIMEOUT_MILLISECONDS,
  });
  if (statement !== "response") {
    wasReached = await breakpoint.waitForHeld(1, 10);
    if (wasReached) await kill();
  }
  instance.databaseProxy.reset();
  await Promise.all([performing, killing]);
  return wasReached ? browser : null;
}

function nameOf({ operation, crash, statement, phase, statements }: CrashPoint): string {
  const where =
    statement === "response"
      ? "before the reply arrives"
      : `${phase} statement ${statement} of ${statements.length} (${statements[statement - 1]!.trim().slice(0, 24)}…)`;
  return `${operation.name}, ${crash} ${crash === "connection" ? "cut" : "killed"} ${where}`;
}

class Turns {
  #at = 0;

  next(): number {
    return this.#at++ % 2;
  }
}
