import { existingUser } from "@/db/testing";
import { CLIENTS, type Instance } from "./instance";
import type { Command } from "./commands";
import { CrashError, runInterruptible } from "./interruptions";
import { instantAt, TokenRegistry } from "./token-registry";
import { createSession, type Model } from "./model";
import { describeOperation, describeOutcome, type Operation, type Outcome } from "./operations";
import { executeOperation, type Users } from "./execute-operation";
import { resolveCommand, type ResolvableCommand } from "./resolve-command";
import { serialOrders, type Call } from "./serial-order";
import {
  deleteAllUsers,
  matchNames,
  recordLinks,
  recordLostTokens,
  readRows,
  observeState,
  type ObservedState,
} from "./database-state";

/** A call with the object that it returned: shared refreshes return the same object. */
export type ObservedCall = Call & { raw: unknown };

/** One history: two instances with a database of their own, all issued tokens, and the models consistent with the calls so far. */
export class History {
  readonly registry = new TokenRegistry();
  readonly transcript: string[] = [];
  at = 0;
  /** All models consistent with the observations so far; later observations may exclude some. */
  models: Model[] = [];
  #clock = 0;

  private constructor(
    readonly instances: Instance[],
    readonly users: Users,
  ) {}

  /** Initially Ada is signed in with two browsers, Bob with one. */
  static async start(instances: Instance[], passwordHash: string): Promise<History> {
    const [{ db, openSession, issueTokens }] = instances as [Instance];
    await deleteAllUsers(db);
    await Promise.all(instances.map((instance) => instance.readRevocations(instance.db)));

    const ada = { role: "user", ...(await existingUser(db, { passwordHash, emailVerifiedAt: instantAt(0) })) };
    const bob = { role: "user", ...(await existingUser(db, { passwordHash, emailVerifiedAt: instantAt(0) })) };
    const history = new History(instances, { ada, bob });
    const { registry } = history;
    const sessions: Model["sessions"] = {};
    for (const [name, user, place] of [
      ["ada", ada, "home"],
      ["ada", ada, "office"],
      ["bob", bob, "home"],
    ] as const) {
      const remember = place === "home";
      const session = await openSession(db, user, remember, CLIENTS[place], instantAt(0));
      const { cookies } = await issueTokens(session!, CLIENTS[place], instantAt(0));
      const access = registry.recordAccessToken(cookies[0]!.value, place);
      sessions[access.session] = createSession(
        name,
        registry.recordRefreshToken(cookies[1]!.value).name,
        place,
        remember,
        0,
      );
    }
    const user = { password: 0, role: "user", isDisabled: false, epoch: 0 };
    const known = { ada: { ...user, email: ada.email }, bob: { ...user, email: bob.email } };
    const issuedTokens = registry.refreshTokens.map(({ name }) => name);
    history.models = [{ users: known, sessions, issuedTokens, knownRevocations: [], links: [], queuedMails: [] }];
    return history;
  }

  resolve(command: ResolvableCommand, at = this.at): Promise<Operation> {
    const instance = this.instances[command.instance]!;
    return resolveCommand(command, { instance, registry: this.registry, model: this.models[0]!, at });
  }

  /** Executes an operation on its instance and records the observation. */
  async call(
    operation: Operation,
    crash: Command["crash"] = null,
    pause = () => Promise.resolve(),
  ): Promise<ObservedCall> {
    const startedAt = this.#clock++;
    const instance = this.instances[operation.instance]!;
    const work = () => executeOperation(instance, this.users, this.registry, operation);
    let lastSentAt = startedAt;
    const onStatement = () => void (lastSentAt = this.#clock++);
    const ending = await runInterruptible({ crash, pause, onStatement }, work);
    const raw = ending.kind === "returned" ? ending.result.raw : null;
    const outcome =
      ending.kind === "returned"
        ? ending.result.outcome()
        : ending.kind === "threw"
          ? outcomeOfError(ending.error)
          : null;
    if (outcome === undefined) {
      const failure = this.#describeFailure(`Unexpected error: ${describeOperation(operation)}`);
      throw new Error(failure, { cause: (ending as { error: unknown }).error });
    }
    const endedAt = outcome === null ? Infinity : this.#clock++;
    const interval = outcome === null ? `${startedAt}…` : `${startedAt}–${endedAt}`;
    const result = outcome === null ? "the process crashed" : describeOutcome(outcome);
    this.transcript.push(`[${interval}] ${describeOperation(operation)} → ${result}`);
    return { operation, outcome, startedAt, lastSentAt, endedAt, raw };
  }

  /** Keeps the models that explain these calls and the current rows; fails if there is none. */
  async explain(calls: Call[]): Promise<void> {
    const [instance] = this.instances as [Instance];
    const rows = await readRows(instance.db);
    const observed = observeState(rows, this.registry, this.users);
    await recordLostTokens(instance, this.registry, rows);
    recordLinks(instance, this.registry, rows, this.users);
    this.#keepExplaining(calls, (model) => matchNames(model, observed), observed);
  }

  /** Like `explain` for one finished call, without reading the rows. An explained call is removed from the transcript. */
  explainOutcome(call: Call): void {
    this.#keepExplaining([call], (model) => model);
    this.transcript.pop();
  }

  #keepExplaining(calls: Call[], match: (model: Model) => Model | null, observed?: ObservedState): void {
    const explained = this.models.flatMap((model) => serialOrders(model, calls, match));
    if (explained.length === 0) throw new Error(this.#describeFailure("No serial order explains this.", observed));
    this.models = [...new Map(explained.map((model) => [JSON.stringify(model), model])).values()];
  }

  fail(reason: string): never {
    throw new Error(this.#describeFailure(reason));
  }

  #describeFailure(reason: string, observed?: ObservedState): string {
    const rows = Object.entries(observed?.sessions ?? {}).map(([name, row]) => `  ${name} is ${JSON.stringify(row)}`);
    return [reason, ...this.transcript.map((line) => `  ${line}`), ...rows].join("\n");
  }
}

/** Null for a call that shared the refresh of a crashed call, undefined for an unexpected error. */
function outcomeOfError(error: unknown): Outcome | null | undefined {
  if (error instanceof CrashError) return null;
  return error instanceof Error && "reason" in error ? { kind: "refused", reason: String(error.reason) } : undefined;
}

/** Runs a command with no concurrent operation. */
export async function runCommand(history: History, command: Command): Promise<void> {
  if (command.kind === "wait") history.at += command.seconds;
  else if (command.kind === "refresh repeatedly") {
    const { every, times, ...rest } = command;
    for (let time = 0; time < times; time++) {
      history.at += every;
      await executeCommand(history, { ...rest, kind: "refresh", crash: null });
    }
  } else await executeCommand(history, command);
}

async function executeCommand(history: History, command: ResolvableCommand): Promise<void> {
  const operation = await history.resolve(command);
  if (operation.kind === "purge") operation.hasNoConcurrency = true;
  await history.explain([await history.call(operation, command.crash)]);
}
