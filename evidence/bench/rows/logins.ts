import { atLeast, atMost } from "@/evidence/bench/bars";
import type { Row } from "@/evidence/bench/bench";
import { DEAR_TIMES } from "@/evidence/bench/build";
import { join, median, quantile, summarise } from "@/evidence/bench/figures";
import { finding, milliseconds, perSecond, type Finding } from "@/evidence/bench/findings";
import { floodInTurns, type FloodRound } from "@/evidence/bench/flood";
import type { LoopDelay } from "@/evidence/bench/probe";

/** A flood of logins beside what the machine hashes when it does nothing else, and what others notice of it. */
export const logins: Row = async ({ stage, load, options }, say) => {
  const product = { stage, load, site: await stage.product(say), database: await stage.few(say) };
  const seconds = options.isQuick ? 2.5 : 4;
  const rounds = await floodInTurns({ ...product, seconds, rounds: options.isQuick ? 3 : 10 }, say);
  const findings = [
    finding("Logins beside the machine's raw argon2id rate", ratesOf(rounds), {
      bar: atLeast(0.75, 0.35),
      note: notedRates(rounds),
      detail: rounds.map(({ loginsPerSecond, hashes }) => ({ loginsPerSecond, hashes })),
    }),
    ...spentOn(rounds),
    ...noticedBy(rounds),
  ];
  if (options.isQuick) return findings;

  const site = await stage.dear(say);
  const slowly = await floodInTurns({ stage, load, site, database: site.database, seconds, rounds: 5 }, say);
  const where = `Logins beside raw argon2id where a hash is ${DEAR_TIMES} times as dear`;
  return [...findings, finding(where, ratesOf(slowly), { note: notedRates(slowly) }), ...spentOn(slowly)];
};

function ratesOf(rounds: FloodRound[]) {
  return summarise(rounds.map(({ loginsPerSecond, hashes }) => loginsPerSecond / hashes.perSecond));
}

function notedRates(rounds: FloodRound[]): string {
  const [logins, hashes] = [
    median(rounds.map(({ loginsPerSecond }) => loginsPerSecond)),
    median(rounds.map(({ hashes }) => hashes.perSecond)),
  ];
  return `${perSecond(logins)} and ${perSecond(hashes)}`;
}

/** What a login costs beside its hash bounds how many there can be, on cores that do both. */
function spentOn(rounds: FloodRound[]): Finding[] {
  const parts = rounds.flatMap(({ login: { app, hashing, database } }) =>
    hashing === null || database === null ? [] : [{ hashing, rest: app - hashing, database }],
  );
  if (parts.length === 0) return [];
  const middle = (part: keyof (typeof parts)[number]) => milliseconds(median(parts.map((one) => one[part])) / 1000);
  const shares = parts.map(({ hashing, rest, database }) => hashing / (hashing + rest + database));
  return [
    finding("Share of its hash in the processor time of a login", summarise(shares), {
      note: `${middle("hashing")} of hash, ${middle("rest")} of app, ${middle("database")} of database`,
      detail: parts,
    }),
  ];
}

/** Somebody who is signed in already, with and without the flood. */
function noticedBy(rounds: FloodRound[]): Finding[] {
  const p99 = (side: "idle" | "flood" | "beside") => quantile(join(rounds.map((one) => one[side].milliseconds)), 0.99);
  const delay = (key: keyof LoopDelay) => median(rounds.map(({ loop }) => loop[key]));
  return [
    finding("Protected call during that flood, p99 beside idle", p99("flood") / p99("idle"), {
      bar: atMost(4, 40),
      note: `${milliseconds(p99("flood"))} and ${milliseconds(p99("idle"))}`,
    }),
    finding("The same with the hashing in another process", p99("beside") / p99("idle"), {
      note: milliseconds(p99("beside")),
    }),
    finding("Event loop delay during the flood, p99", delay("p99"), {
      show: milliseconds,
      note: `p50 ${milliseconds(delay("p50"))}, max ${milliseconds(delay("max"))}, of which 5 ms are the probe's`,
    }),
  ];
}
