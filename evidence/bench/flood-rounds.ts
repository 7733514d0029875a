import { availableParallelism } from "node:os";
import type { OnProgress } from "./benchmark";
import type { HashResult, HashSpec } from "./hash-process";
import { callProcess, startProcess, type LoadGenerator, type LoadResult } from "./load-generator";
import { LoginFlood } from "./login-flood";
import type { LoopDelay, Probe } from "@/evidence/app-probe";
import { PASSWORD } from "./seed-data";
import type { RunningApp, SeededDatabase, TestBed } from "./test-bed";

/** The app's own concurrency limit. */
const HASHES_AT_ONCE = Math.min(2, availableParallelism());

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
export async function measureFloodRounds(plan: FloodPlan, onProgress: OnProgress): Promise<FloodRound[]> {
  const { testBed, loadGenerator, app, database, rounds: count, seconds } = plan;
  const { probe } = app;
  const flood = await LoginFlood.prepare(loadGenerator, app, database);
  const hashes = startProcess("bench-hashes");
  const { passwordHash: hash } = await database.db
    .selectFrom("users")
    .select("passwordHash")
    .limit(1)
    .executeTakeFirstOrThrow();
  const raw = () =>
    callProcess<HashResult>(hashes, { hash, password: PASSWORD, atOnce: HASHES_AT_ONCE, seconds } satisfies HashSpec);

  onProgress("warming up");
  await Promise.all([flood.measureCalls(seconds), flood.sustained(seconds)]);
  await raw();
  const rounds: FloodRound[] = [];
  for (let round = 0; round < count; round++) {
    onProgress(`round ${round + 1} of ${count}`);
    const idle = await measureCpuTime(testBed, probe, () => flood.measureCalls(seconds));
    const flooded = async () => {
      const { result, spent } = await measureCpuTime(testBed, probe, () =>
        flood.measureDuring(() => flood.sustained(seconds, round * 37)),
      );
      const { calls, result: logins, loop } = result;
      const each = (microseconds: number) => microseconds / logins.milliseconds.length;
      return {
        flood: calls,
        loop,
        loginsPerSecond: logins.milliseconds.length / logins.seconds,
        login: {
          app: each(spent.app - idle.spent.app),
          hashing: spent.hashing === null ? null : each(spent.hashing),
          database: spent.database === null ? null : each(spent.database - (idle.spent.database ?? 0)),
        },
      };
    };
    const hashed = async () => {
      const [hashing, hashed] = await Promise.all([flood.measureCalls(seconds), raw()]);
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
