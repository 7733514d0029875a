import { availableParallelism } from "node:os";
import type { OnProgress } from "./benchmark";
import type { HashResult, HashSpec } from "./hash-process";
import { callProcess, LoadGenerator, startProcess, type LoadResult } from "./load-generator";
import { cookiesOf, emailOf, PASSWORD, spreadEvenly } from "./seed-data";
import type { LoopDelay, Probe } from "./probe";
import { mutation, query } from "./requests";
import type { SeededDatabase, RunningApp, TestBed } from "./test-bed";

/** As many as the app hashes at once. */
const HASHES_AT_ONCE = Math.min(2, availableParallelism());
const FLOOD_CONNECTIONS = 24;
const PEOPLE = 200;
/** Of somebody who is signed in already, and notices the flood or does not. */
const CALLS = { connections: 8, perSecond: 100 };

export interface FloodRound {
  idle: LoadResult;
  flood: LoadResult;
  loop: LoopDelay;
  loginsPerSecond: number;
  /** The same hashing in a process of its own: what the machine makes of it. */
  hashing: LoadResult;
  hashes: HashResult;
  /** Processor time in microseconds for each login, beyond the calls that go on all the time. */
  login: { app: number; hashing: number | null; database: number | null };
}

interface FloodPlan {
  testBed: TestBed;
  loadGenerator: LoadGenerator;
  runningApp: RunningApp;
  database: SeededDatabase;
  rounds: number;
  seconds: number;
}

/** A flood of logins, the machine's own hashing, and nothing, in turns; protected calls at a steady pace all the while. */
export async function measureLoginFlood(plan: FloodPlan, onProgress: OnProgress): Promise<FloodRound[]> {
  const { testBed, loadGenerator, runningApp, rounds: count, seconds } = plan;
  const { db, sessions, times } = plan.database;
  const { port, probe } = runningApp;
  const hashes = startProcess("bench-hashes");
  const flood = LoadGenerator.start();
  const { passwordHash: hash } = await db.selectFrom("users").select("passwordHash").limit(1).executeTakeFirstOrThrow();
  const people = await Promise.all(spreadEvenly(50, sessions).map((ordinal) => cookiesOf(ordinal, times)));
  const requests = people.map(({ access, refresh }) => query("auth.session", `${access}; ${refresh}`));
  const attempts = loginRequests();
  const calls = () => loadGenerator.run({ ports: [port], requests, seconds, ...CALLS });
  const raw = () =>
    callProcess<HashResult>(hashes, { hash, password: PASSWORD, atOnce: HASHES_AT_ONCE, seconds } satisfies HashSpec);
  const login = (from: number) =>
    flood.run({ ports: [port], connections: FLOOD_CONNECTIONS, requests: attempts, from, seconds });

  onProgress("warming up");
  await Promise.all([calls(), login(0)]);
  await raw();
  const rounds: FloodRound[] = [];
  for (let round = 0; round < count; round++) {
    onProgress(`round ${round + 1} of ${count}`);
    const idle = await spending(testBed, probe, calls);
    const flooded = async () => {
      let loop: LoopDelay | undefined;
      const { result, spent } = await spending(testBed, probe, async () => {
        let both: [LoadResult, LoadResult] | undefined;
        loop = await probe.loopDelayDuring(async () => (both = await Promise.all([calls(), login(round * 37)])));
        return both!;
      });
      const [flood, logins] = result;
      const each = (microseconds: number) => microseconds / logins.milliseconds.length;
      return {
        flood,
        loop: loop!,
        loginsPerSecond: logins.milliseconds.length / logins.seconds,
        login: {
          app: each(spent.app - idle.spent.app),
          hashing: spent.hashing === null ? null : each(spent.hashing),
          database: spent.database === null ? null : each(spent.database - (idle.spent.database ?? 0)),
        },
      };
    };
    const hashed = async () => {
      const [hashing, hashed] = await Promise.all([calls(), raw()]);
      return { hashing, hashes: hashed };
    };
    if (round % 2 === 0) rounds.push({ idle: idle.result, ...(await flooded()), ...(await hashed()) });
    else rounds.push({ idle: idle.result, ...(await hashed()), ...(await flooded()) });
  }
  return rounds;
}

async function spending<Result>(testBed: TestBed, probe: Probe, work: () => Promise<Result>) {
  const read = async () => {
    const { microseconds: app, hashing } = await probe.cpuTime();
    return { app, hashing, database: testBed.databaseCpuMicroseconds() };
  };
  const before = await read();
  const result = await work();
  const after = await read();
  const since = (one: number | null, other: number | null) => (one === null || other === null ? null : other - one);
  const spent = {
    app: after.app - before.app,
    hashing: since(before.hashing, after.hashing),
    database: since(before.database, after.database),
  };
  return { result, spent };
}

/** Of different people, from different addresses: one alone would wait for its own counter. */
export function loginRequests(): string[] {
  return Array.from({ length: PEOPLE }, (_, user) =>
    mutation("auth.login", { email: emailOf(user), password: PASSWORD }, "", `10.0.0.${user}`),
  );
}
