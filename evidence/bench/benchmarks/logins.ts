import { atLeast, atMost } from "@/evidence/bench/thresholds";
import type { Benchmark } from "@/evidence/bench/benchmark";
import { SLOW_HASH_FACTOR } from "@/evidence/bench/build";
import { concatenate, median, quantile, summarise } from "@/evidence/statistics";
import { measurement, milliseconds, perSecond, type Measurement } from "@/evidence/bench/measurements";
import { measureFloodRounds, type FloodRound } from "@/evidence/bench/flood-rounds";
import type { LoopDelay } from "@/evidence/app-probe";

/** Login rate relative to the raw hash rate of the machine, and the effect of a login flood on other calls. */
export const logins: Benchmark = async ({ testBed, loadGenerator, options }, onProgress) => {
  const product = {
    testBed,
    loadGenerator,
    app: await testBed.app(onProgress),
    database: await testBed.smallDatabase(onProgress),
  };
  const seconds = options.isQuick ? 2.5 : 4;
  const rounds = await measureFloodRounds({ ...product, seconds, rounds: options.isQuick ? 3 : 10 }, onProgress);
  const measurements = [
    measurement("Login rate relative to raw argon2id rate", ratesOf(rounds), {
      threshold: atLeast(0.75, 0.35),
      note: formatRates(rounds),
      detail: rounds.map(({ loginsPerSecond, hashes }) => ({ loginsPerSecond, hashes })),
    }),
    ...cpuTimePerLogin(rounds),
    ...impactOnCalls(rounds),
  ];
  if (options.isQuick) return measurements;

  const app = await testBed.slowHashApp(onProgress);
  const slowRounds = await measureFloodRounds(
    { testBed, loadGenerator, app, database: app.database, seconds, rounds: 5 },
    onProgress,
  );
  const where = `Login rate relative to raw argon2id rate, hash ${SLOW_HASH_FACTOR} times slower`;
  return [
    ...measurements,
    measurement(where, ratesOf(slowRounds), { note: formatRates(slowRounds) }),
    ...cpuTimePerLogin(slowRounds),
  ];
};

function ratesOf(rounds: FloodRound[]) {
  return summarise(rounds.map(({ loginsPerSecond, hashes }) => loginsPerSecond / hashes.perSecond));
}

function formatRates(rounds: FloodRound[]): string {
  const [logins, hashes] = [
    median(rounds.map(({ loginsPerSecond }) => loginsPerSecond)),
    median(rounds.map(({ hashes }) => hashes.perSecond)),
  ];
  return `${perSecond(logins)} and ${perSecond(hashes)}`;
}

/** The share of the hash in a login's CPU time bounds the login rate. */
function cpuTimePerLogin(rounds: FloodRound[]): Measurement[] {
  const parts = rounds.flatMap(({ login: { app, hashing, database } }) =>
    hashing === null || database === null ? [] : [{ hashing, rest: app - hashing, database }],
  );
  if (parts.length === 0) return [];
  const middle = (part: keyof (typeof parts)[number]) => milliseconds(median(parts.map((one) => one[part])) / 1000);
  const shares = parts.map(({ hashing, rest, database }) => hashing / (hashing + rest + database));
  return [
    measurement("Share of the hash in the CPU time of a login", summarise(shares), {
      note: `${middle("hashing")} of hash, ${middle("rest")} of app, ${middle("database")} of database`,
      detail: parts,
    }),
  ];
}

/** Latency of protected calls with and without the flood. */
function impactOnCalls(rounds: FloodRound[]): Measurement[] {
  const p99 = (side: "idle" | "flood" | "hashing") =>
    quantile(concatenate(rounds.map((one) => one[side].milliseconds)), 0.99);
  const delay = (key: keyof LoopDelay) => median(rounds.map(({ loop }) => loop[key]));
  return [
    measurement("Protected call during the login flood, p99 relative to idle", p99("flood") / p99("idle"), {
      threshold: atMost(4, 40),
      note: `${milliseconds(p99("flood"))} and ${milliseconds(p99("idle"))}`,
    }),
    measurement("Protected call with hashing in another process, p99 relative to idle", p99("hashing") / p99("idle"), {
      note: milliseconds(p99("hashing")),
    }),
    measurement("Event loop delay during the login flood, p99", delay("p99"), {
      format: milliseconds,
      note: `p50 ${milliseconds(delay("p50"))}, max ${milliseconds(delay("max"))}`,
    }),
  ];
}
