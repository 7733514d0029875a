import { existingUser } from "@/db/testing";
import { CLIENTS, type Instance } from "./instance";
import type { Intent } from "./commands";
import { CrashError, interruptible } from "./interruptions";
import { instantAt, Ledger } from "./token-registry";
import { opened, type Model } from "./model";
import { describeOperation, describeOutcome, type Operation, type Outcome } from "./operations";
import { perform, type Users } from "./perform";
import { resolve, type Wished } from "./resolve";
import { serialOrders, type Call } from "./serial-order";
import { clear, fitting, learnLostTokens, readRows, worldOf, type World } from "./database-state";

/** A call, with the very object that it was answered with. */
export type SeenCall = Call & { raw: unknown };

/** One history: two instances on a database that holds nothing else, what was given to anybody, and what may be the case. */
export class History {
  readonly ledger = new Ledger();
  readonly transcript: string[] = [];
  at = 0;
  /** Every model that explains what was seen so far: more than one where only the future can tell. */
  models: Model[] = [];
  #moments = 0;

  private constructor(
    readonly instances: Instance[],
    readonly users: Users,
  ) {}

  /** Ada is signed in on two kinds of browser, Bob on one. */
  static async begin(instances: Instance[], passwordHash: string): Promise<History> {
    const [{ db, openSession, issueTokens }] = instances as [Instance];
    await clear(db);
    await Promise.all(instances.map((instance) => instance.readRevocations(instance.db)));

    const ada = { role: "user", ...(await existingUser(db, { passwordHash })) };
    const bob = { role: "user", ...(await existingUser(db, { passwordHash })) };
    const history = new History(instances, { ada, bob });
    const { ledger } = history;
    const sessions: Model["sessions"] = {};
    for (const [name, user, place] of [
      ["ada", ada, "home"],
      ["ada", ada, "office"],
      ["bob", bob, "home"],
    ] as const) {
      const remember = place === "home";
      const session = await openSession(db, user, remember, CLIENTS[place], instantAt(0));
      const { cookies } = await issueTokens(session!, CLIENTS[place], instantAt(0));
      const access = ledger.keepAccess(cookies[0]!.value, place);
      sessions[access.session] = opened(name, ledger.keepRefresh(cookies[1]!.value).name, place, remember, 0);
    }
    const user = { password: 0, role: "user", isDisabled: false, epoch: 0 };
    const made = ledger.refreshTokens.map(({ name }) => name);
    history.models = [{ users: { ada: user, bob: user }, sessions, made, noticed: [] }];
    return history;
  }

  resolve(intent: Wished, at = this.at): Promise<Operation> {
    const instance = this.instances[intent.instance]!;
    return resolve(intent, { instance, ledger: this.ledger, model: this.models[0]!, at });
  }

  /** Lets an instance do it, and takes down what was seen of it. */
  async call(operation: Operation, crash: Intent["crash"] = null, pause = () => Promise.resolve()): Promise<SeenCall> {
    const begunAt = this.#moments++;
    const instance = this.instances[operation.instance]!;
    const work = () => perform(instance, this.users, this.ledger, operation);
    let lastSentAt = begunAt;
    const note = () => void (lastSentAt = this.#moments++);
    const end = await interruptible({ crash, pause, note }, work);
    const raw = end.kind === "answered" ? end.result.raw : null;
    const outcome =
      end.kind === "answered" ? end.result.outcome() : end.kind === "failed" ? refusalIn(end.error) : null;
    if (outcome === undefined) {
      const story = this.#story(`A fault that nobody planned: ${describeOperation(operation)}`);
      throw new Error(story, { cause: (end as { error: unknown }).error });
    }
    const answeredAt = outcome === null ? Infinity : this.#moments++;
    const moments = outcome === null ? `${begunAt}…` : `${begunAt}–${answeredAt}`;
    const answer = outcome === null ? "the process died" : describeOutcome(outcome);
    this.transcript.push(`[${moments}] ${describeOperation(operation)} → ${answer}`);
    return { operation, outcome, begunAt, lastSentAt, answeredAt, raw };
  }

  /** Keeps the models that explain these calls and the rows as they are now. There must be one. */
  async explain(calls: Call[]): Promise<void> {
    const [instance] = this.instances as [Instance];
    const rows = await readRows(instance.db);
    const world = worldOf(rows, this.ledger, this.users);
    await learnLostTokens(instance, this.ledger, rows);
    this.#keep(calls, (model) => fitting(model, world), world);
  }

  /** The same for one call that is over, without a look at the rows. What was to be expected is not worth a line. */
  explainAnswer(call: Call): void {
    this.#keep([call], (model) => model);
    this.transcript.pop();
  }

  #keep(calls: Call[], fits: (model: Model) => Model | null, world?: World): void {
    const explained = this.models.flatMap((model) => serialOrders(model, calls, fits));
    if (explained.length === 0) throw new Error(this.#story("No serial order explains this.", world));
    this.models = [...new Map(explained.map((model) => [JSON.stringify(model), model])).values()];
  }

  fail(reason: string): never {
    throw new Error(this.#story(reason));
  }

  #story(reason: string, world?: World): string {
    const rows = Object.entries(world?.sessions ?? {}).map(([name, row]) => `  ${name} is ${JSON.stringify(row)}`);
    return [reason, ...this.transcript.map((line) => `  ${line}`), ...rows].join("\n");
  }
}

/** Null for somebody who had joined the work of a process that died, undefined for a fault. */
function refusalIn(error: unknown): Outcome | null | undefined {
  if (error instanceof CrashError) return null;
  return error instanceof Error && "reason" in error ? { kind: "refused", reason: String(error.reason) } : undefined;
}

/** One thing after the other: nothing else is under way. */
export async function happen(history: History, intent: Intent): Promise<void> {
  if (intent.wish === "wait") history.at += intent.seconds;
  else if (intent.wish === "go on refreshing") {
    const { every, times, ...rest } = intent;
    for (let time = 0; time < times; time++) {
      history.at += every;
      await act(history, { ...rest, wish: "refresh", crash: null });
    }
  } else await act(history, intent);
}

async function act(history: History, intent: Wished): Promise<void> {
  const operation = await history.resolve(intent);
  if (operation.kind === "purge") operation.isAlone = true;
  await history.explain([await history.call(operation, intent.crash)]);
}
