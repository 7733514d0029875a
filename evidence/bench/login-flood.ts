import { LoadGenerator, type LoadResult, type LoadSpec } from "./load-generator";
import type { LoopDelay } from "@/evidence/app-probe";
import { mutation, query } from "./requests";
import { cookiesOf, emailOf, PASSWORD, spreadEvenly } from "./seed-data";
import type { RunningApp, SeededDatabase } from "./test-bed";

const SUSTAINED = { connections: 24, accounts: 200 };
/** Simultaneous logins of a burst: more than the app admits. */
export const BURST_LOGINS = 256;
const BURST_ACCOUNTS = 64;
/** Protected calls of signed-in users during the flood, at a constant rate. */
const CONSTANT_RATE = { connections: 8, perSecond: 100 };
const SIGNED_IN_USERS = 50;

/** A flood of logins with right passwords, and protected calls of signed-in users meanwhile. */
export class LoginFlood {
  readonly #logins = LoadGenerator.start();

  private constructor(
    private readonly loadGenerator: LoadGenerator,
    private readonly app: RunningApp,
    private readonly calls: LoadSpec,
  ) {}

  static async prepare(
    loadGenerator: LoadGenerator,
    app: RunningApp,
    { sessions, times }: SeededDatabase,
    calls: Pick<LoadSpec, "connections" | "perSecond" | "pauseMilliseconds"> = CONSTANT_RATE,
  ): Promise<LoginFlood> {
    const ordinals = spreadEvenly(SIGNED_IN_USERS, sessions);
    const people = await Promise.all(ordinals.map((ordinal) => cookiesOf(ordinal, times)));
    const requests = people.map(({ access, refresh }) => query("auth.session", `${access}; ${refresh}`));
    return new LoginFlood(loadGenerator, app, { ports: [app.port], requests, ...calls });
  }

  /** Protected calls for this long. */
  measureCalls(seconds: number): Promise<LoadResult> {
    return this.loadGenerator.run({ ...this.calls, seconds });
  }

  /** Protected calls, and the event loop delay, while `work` runs. */
  async measureDuring<Result>(
    work: () => Promise<Result>,
  ): Promise<{ calls: LoadResult; loop: LoopDelay; result: Result }> {
    const { result: measured, loop } = await this.app.probe.loopDelayDuring(() =>
      this.loadGenerator.runDuring(this.calls, work),
    );
    return { calls: measured.load, result: measured.result, loop };
  }

  /** As many logins as 24 connections can send for this long, one after the other on each. All must succeed. */
  sustained(seconds: number, from = 0): Promise<LoadResult> {
    const { connections } = SUSTAINED;
    return this.#logins.run({ ports: [this.app.port], connections, requests: loginRequests(), from, seconds });
  }

  /** 256 simultaneous logins, each on a connection of its own. They may succeed or be answered 503. */
  burst(): Promise<LoadResult> {
    const requests = loginRequests(BURST_LOGINS, BURST_ACCOUNTS);
    const spec = { ports: [this.app.port], connections: BURST_LOGINS, requests, count: BURST_LOGINS };
    return this.#logins.run(spec, [200, 503]);
  }
}

/** Different addresses and, by default, accounts, because requests of one address or account wait for one rate limit counter. */
export function loginRequests(count = SUSTAINED.accounts, accounts = count): string[] {
  return Array.from({ length: count }, (_, at) =>
    mutation("auth.login", { email: emailOf(at % accounts), password: PASSWORD }, "", `10.0.${at >> 8}.${at & 255}`),
  );
}
