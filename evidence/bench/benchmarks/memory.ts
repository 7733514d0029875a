import { atMost } from "@/evidence/bench/thresholds";
import type { BenchmarkContext, Benchmark, OnProgress } from "@/evidence/bench/benchmark";
import { slope } from "@/evidence/bench/statistics";
import { measurement, megabytes, type Measurement } from "@/evidence/bench/measurements";
import { cookiesOf, spreadEvenly } from "@/evidence/bench/seed-data";
import { document, mutation, query } from "@/evidence/bench/requests";
import { resetSessions } from "@/evidence/bench/seed";

const CALLS = 9000;
const PAGES = 1000;
/** As many tokens as the app remembers, and some more: from here on it may not grow. */
const REMEMBERED_TOKENS = 20_000;
/** A thousand people, each refreshing after nine minutes. */
const REFRESHES_PER_HOUR = 7000;
const BATCH = 1000;
/** The first refreshes open connections and fill what is filled once. */
const WARM_UP_BATCHES = 2;
const CONNECTIONS = 8;

/** What the process holds after ten thousand requests; and what an hour of sessions in fast motion leaves behind. */
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
  // Counted from one instant: while the clock goes on, "so many seconds ago" can be the same second again.
  const beganAt = Date.now();
  const cookiesOfSecond = (secondsAgo: number) =>
    Promise.all(ordinals.map((ordinal) => cookiesOf(ordinal, times, new Date(beganAt - secondsAgo * 1000))));

  let tokensAgo = 0;
  const present = async () => {
    // A token of another second is another token: each of these is seen for the first time.
    const people = await cookiesOfSecond((tokensAgo += 1));
    await loadGenerator.run({
      ...base,
      requests: people.map(({ access }) => query("auth.session", access)),
      count: BATCH,
    });
  };
  for (let shown = 0; shown <= REMEMBERED_TOKENS; shown += BATCH) {
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
  return measurement("Heap gained by an hour of 1,000 people, in fast motion", slope(points) * REFRESHES_PER_HOUR, {
    format: (bytes) => `${(bytes / 1e6).toFixed(2)} MB`,
    threshold: atMost(2_000_000, 10_000_000),
    note: `${REFRESHES_PER_HOUR.toLocaleString("en-GB")} refreshes`,
    detail: points,
  });
}
