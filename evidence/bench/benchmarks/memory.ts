import { atMost } from "@/evidence/bench/thresholds";
import type { BenchmarkContext, Benchmark, OnProgress } from "@/evidence/bench/benchmark";
import { slope } from "@/evidence/statistics";
import { measurement, megabytes, type Measurement } from "@/evidence/bench/measurements";
import { cookiesOf, spreadEvenly } from "@/evidence/bench/seed-data";
import { document, mutation, query } from "@/evidence/bench/requests";
import { resetSessions } from "@/evidence/bench/seed";

const CALLS = 9000;
const PAGES = 1000;
/** More tokens than the app's token cache holds: after these, the heap must not grow. */
const CACHED_TOKENS = 20_000;
/** A thousand users who refresh every nine minutes. */
const REFRESHES_PER_HOUR = 7000;
const BATCH = 1000;
/** The first refreshes open connections and fill caches. */
const WARM_UP_BATCHES = 2;
const CONNECTIONS = 8;

/** Memory after ten thousand requests, and heap growth during the requests of one hour. */
export const memory: Benchmark = async (context, onProgress) => {
  const { testBed, loadGenerator } = context;
  const { times } = await testBed.smallDatabase(onProgress);
  const { port, probe } = await testBed.app(onProgress);
  const { access, refresh } = await cookiesOf(0, times);
  const cookies = `${access}; ${refresh}`;
  const base = { ports: [port], connections: CONNECTIONS };
  onProgress("ten thousand requests");
  await loadGenerator.run({ ...base, requests: [query("auth.session", cookies)], count: CALLS });
  await loadGenerator.run({ ...base, requests: [document("/dashboard", cookies)], count: PAGES });
  const after = await probe.memory();
  const held = measurement("Resident memory after 10,000 requests", after.rss, {
    format: megabytes,
    note: `of which ${megabytes(after.heapUsed)} heap`,
    detail: after,
  });
  return [held, await heapGrowthPerHour(context, onProgress)];
};

async function heapGrowthPerHour(
  { testBed, loadGenerator }: BenchmarkContext,
  onProgress: OnProgress,
): Promise<Measurement> {
  const { db, sessions, times } = await testBed.smallDatabase(onProgress);
  const { port, probe } = await testBed.app(onProgress);
  const base = { ports: [port], connections: CONNECTIONS };
  const ordinals = spreadEvenly(BATCH, sessions);
  // Relative to a fixed time: with an advancing clock, two offsets could yield the same second.
  const beganAt = Date.now();
  const cookiesOfSecond = (secondsAgo: number) =>
    Promise.all(ordinals.map((ordinal) => cookiesOf(ordinal, times, new Date(beganAt - secondsAgo * 1000))));

  let tokensAgo = 0;
  const present = async () => {
    // Tokens of different seconds differ: none of these is cached yet.
    const people = await cookiesOfSecond((tokensAgo += 1));
    await loadGenerator.run({
      ...base,
      requests: people.map(({ access }) => query("auth.session", access)),
      count: BATCH,
    });
  };
  for (let shown = 0; shown <= CACHED_TOKENS; shown += BATCH) {
    onProgress(`${shown} tokens`);
    await present();
  }
  const points: [number, number][] = [];
  const refreshes = (await cookiesOfSecond(0)).map(({ refresh }) => mutation("auth.refresh", undefined, refresh));
  for (let done = -WARM_UP_BATCHES * BATCH; done <= REFRESHES_PER_HOUR; done += BATCH) {
    onProgress(`${done} refreshes`);
    if (done >= 0) points.push([done, (await probe.memory()).heapUsed]);
    await resetSessions(db, ordinals, times);
    await loadGenerator.run({ ...base, requests: refreshes, count: BATCH });
    await present();
  }
  return measurement("Heap growth by one hour of requests of 1,000 users", slope(points) * REFRESHES_PER_HOUR, {
    format: (bytes) => `${(bytes / 1e6).toFixed(2)} MB`,
    threshold: atMost(2_000_000, 10_000_000),
    note: `${REFRESHES_PER_HOUR.toLocaleString("en-GB")} refreshes`,
    detail: points,
  });
}
