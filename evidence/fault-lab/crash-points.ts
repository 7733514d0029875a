import type { Phase } from "./breakpoint";
import type { Browser } from "./browser";
import { describeOutcome } from "./browser-outcome";
import { OPERATIONS, type Operation } from "./crash-operations";
import type { Instance } from "./instance";
import type { Lab } from "./lab";

type CrashKind = "app" | "database" | "connection";
const CRASH_KINDS: readonly CrashKind[] = ["connection", "app", "database"];

/** Where an operation is interrupted: at one of its statements, or before its response is delivered. */
interface CrashPoint {
  operation: Operation;
  crash: CrashKind;
  statement: number | "response";
  phase: Phase;
  /** The statements of an uninterrupted run. */
  statements: readonly string[];
}

/** Longer than any request takes, so that the crash ends it. */
const TIMEOUT_MILLISECONDS = 20_000;

/**
 * Interrupts every operation at every point: before a statement reaches the database, while it runs, after it took effect but before
 * its response, and before the HTTP response reaches the browser. Then the same browser continues.
 */
export async function testCrashPoints(lab: Lab, isShort: boolean, say: (detail: string) => void): Promise<void> {
  const points: CrashPoint[] = [];
  for (const operation of OPERATIONS) {
    const statements = await recordStatements(lab, operation);
    lab.results.count("operations");
    for (const crash of CRASH_KINDS) points.push(...pointsOf(operation, crash, statements));
  }
  const chosen = isShort ? points.filter(isInShortRun) : points;
  for (const [at, point] of chosen.entries()) {
    say(`${at + 1} of ${chosen.length}: ${nameOf(point)}`);
    await lab.duringFault(() => testCrashPoint(lab, point, at % 2));
    lab.results.count("crash points");
    lab.results.count(`crash points: ${point.operation.name}`);
    lab.results.count(`crashes: ${point.crash} ${point.crash === "connection" ? "closed" : "killed"}`);
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
      // Interrupting a select while it runs adds nothing.
      ...(/^\s*select/i.test(statements[number - 1]!) ? [] : [at(number, "during")]),
      at(number, "after"),
    ]),
    at("response", "after"),
  ];
}

/** Closed connections, which are quick, and of the slow kills those after the work was done but before the response. */
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
  if (outcome.kind !== "fine")
    throw new Error(`An uninterrupted ${operation.name} was answered ${describeOutcome(outcome)}`);
  return statements;
}

async function testCrashPoint(lab: Lab, point: CrashPoint, target: number): Promise<void> {
  const { operation, crash } = point;
  const { stack, results } = lab;
  const instance = stack.instances[target]!;
  // After an interrupted rate-limit statement an instance counts in memory for five seconds and sends fewer statements: try again.
  const browser =
    (await crashDuringOperation(lab, point, instance)) ?? (await crashDuringOperation(lab, point, instance));
  results.check("crash points", browser !== null, () => `${nameOf(point)}: was not reached`);
  if (browser === null) return;

  if (crash === "database") await stack.server.start();
  // The other instance serves the next request while the killed one restarts.
  const restarted = crash === "app" ? stack.startInstance(instance) : Promise.resolve();
  const violation = await operation.verify(browser, crash === "app" ? { instance: 1 - target } : {});
  results.check("crash points", violation === null, () => `${nameOf(point)}: ${violation}`);
  await restarted;
}

/** The browser whose operation was interrupted, or null if the point was not reached. */
async function crashDuringOperation(lab: Lab, point: CrashPoint, instance: Instance): Promise<Browser | null> {
  const { operation, crash, statement, phase } = point;
  const browser = await operation.prepare(lab);
  let crashed = Promise.resolve();
  const kill = () =>
    (crashed = crash === "app" ? instance.kill() : crash === "database" ? lab.stack.killDatabase() : crashed);

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
  await Promise.all([performing, crashed]);
  return wasReached ? browser : null;
}

function nameOf({ operation, crash, statement, phase, statements }: CrashPoint): string {
  const where =
    statement === "response"
      ? "before the response arrives"
      : `${phase} statement ${statement} of ${statements.length} (${statements[statement - 1]!.trim().slice(0, 24)}…)`;
  return `${operation.name}, ${crash} ${crash === "connection" ? "closed" : "killed"} ${where}`;
}
