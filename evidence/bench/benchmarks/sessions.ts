import { atMost } from "@/evidence/bench/thresholds";
import type { Benchmark } from "@/evidence/bench/benchmark";
import { concatenate, quantile, summarise } from "@/evidence/statistics";
import { count, measurement, milliseconds } from "@/evidence/bench/measurements";
import type { LoadResult } from "@/evidence/bench/load-generator";
import { cookiesOf, spreadEvenly } from "@/evidence/bench/seed-data";
import { mutation } from "@/evidence/bench/requests";
import { resetSessions } from "@/evidence/bench/seed";
import type { SeededDatabase, RunningApp } from "@/evidence/bench/test-bed";

/** Refreshes per slice; each session once, so that each refresh rotates. */
const REFRESHES = 150;
/** Sessions used, spread evenly over the table, so that its size matters. */
const SESSIONS_USED = 900;
/** Few connections, to measure the query and not lock contention. */
const CONNECTIONS = 2;

/** Alternates the same refreshes between a small and a large database of one server. */
export const sessions: Benchmark = async ({ testBed, loadGenerator, options }, onProgress) => {
  const small = await prepareRefreshLoad(await testBed.smallDatabase(onProgress), await testBed.app(onProgress));
  const large = await prepareRefreshLoad(
    await testBed.largeDatabase(options.sessions, onProgress),
    await testBed.appOnLargeDatabase(options.sessions, onProgress),
  );

  const turn = async ({ filled, runningApp, ordinals, requests }: RefreshLoad, number: number) => {
    const from = (number * REFRESHES) % ordinals.length;
    if (from === 0) await resetSessions(filled.db, ordinals, filled.times);
    return loadGenerator.run({ ports: [runningApp.port], connections: CONNECTIONS, requests, from, count: REFRESHES });
  };
  onProgress("warming up");
  let number = 0;
  for (; number < SESSIONS_USED / REFRESHES; number++) for (const one of [small, large]) await turn(one, number);

  const pairs: { small: LoadResult; large: LoadResult }[] = [];
  const rounds = options.rounds;
  for (let round = 0; round < rounds; round++, number++) {
    onProgress(`round ${round + 1} of ${rounds}`);
    const smallFirst = round % 2 === 0;
    const first = await turn(smallFirst ? small : large, number);
    const second = await turn(smallFirst ? large : small, number);
    pairs.push(smallFirst ? { small: first, large: second } : { small: second, large: first });
  }
  const ratioOf = (share: number) =>
    pairs.map(({ small, large }) => quantile(large.milliseconds, share) / quantile(small.milliseconds, share));
  const all = (side: "small" | "large") => concatenate(pairs.map((pair) => pair[side].milliseconds));
  const sizes = `${count(options.sessions)} sessions relative to ${count(small.filled.sessions)}`;
  const times = (share: number) =>
    `${milliseconds(quantile(all("large"), share))} and ${milliseconds(quantile(all("small"), share))}`;
  return [
    measurement(`Refresh at ${sizes}, p50`, summarise(ratioOf(0.5)), { threshold: atMost(1.2, 2.5), note: times(0.5) }),
    measurement(`Refresh at ${sizes}, p99`, quantile(all("large"), 0.99) / quantile(all("small"), 0.99), {
      note: times(0.99),
    }),
  ];
};

interface RefreshLoad {
  filled: SeededDatabase;
  runningApp: RunningApp;
  ordinals: number[];
  requests: string[];
}

async function prepareRefreshLoad(filled: SeededDatabase, runningApp: RunningApp): Promise<RefreshLoad> {
  const ordinals = spreadEvenly(SESSIONS_USED, filled.sessions);
  const cookies = await Promise.all(ordinals.map((ordinal) => cookiesOf(ordinal, filled.times)));
  const requests = cookies.map(({ refresh }) => mutation("auth.refresh", undefined, refresh));
  return { filled, runningApp, ordinals, requests };
}
