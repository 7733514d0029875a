import { availableParallelism } from "node:os";
import type { OnProgress } from "./benchmark";
import type { HashResult, HashSpec } from "./hash-process";
import { callProcess, LoadGenerator, startProcess, type LoadResult } from "./load-generator";
import { cookiesOf, emailOf, PASSWORD, spreadEvenly } from "./seed-data";
import type { LoopDelay, Probe } from "./probe";
import { mutation, query } from "./requests";
import type { SeededDatabase, RunningApp, TestBed } from "./test-bed";

/** The app's own concurrency limit. */
const HASHES_AT_ONCE = Math.min(2, availableParallelism());
const FLOOD_CONNECTIONS = 24;
const USERS = 200;
/** Protected calls of signed-in users during the flood. */
const CALLS = { connections: 8, perSecond: 100 };

export interface FloodRound {
  idle: LoadResult;
  flood: LoadResult;
  loop: LoopDelay;
  loginsPerSecond: number;
  /** Protected calls while a separate process hashes. */
  hashing: LoadResult;
  hashes: HashResult;
  /** CPU time in microseconds per login, minus that of the protected calls. */
  login: { app: number; hashing: number | null; database: number | null };
}

interface FloodPlan {
  testBed: TestBed;
  loadGenerator: LoadGenerator;
  app: RunningApp;
  database: SeededDatabase;
  rounds: number;
  seconds: number;
}

/** Alternates between idle, a login flood, and raw hashing in a separate process, with protected calls at a constant rate throughout. */
export async function measureLoginFlood(plan: FloodPlan, onProgress: OnProgress): Promise<FloodRound[]> {
  const { testBed, loadGenerator, app, rounds: count, seconds } = plan;
  const { db, sessions, times } = plan.database;
  const { port, probe } = app;
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
    const idle = await measureCpuTime(testBed, probe, calls);
    const flooded = async () => {
      let loop: LoopDelay | undefined;
      const { result, spent } = await measureCpuTime(testBed, probe, async () => {
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

async function measureCpuTime<Result>(testBed: TestBed, probe: Probe, work: () => Promise<Result>) {
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

/** Different users and addresses, because requests of one address or account wait for the same rate limit counter. */
export function loginRequests(): string[] {
  return Array.from({ length: USERS }, (_, user) =>
    mutation("auth.login", { email: emailOf(user), password: PASSWORD }, "", `10.0.0.${user}`),
  );
}
