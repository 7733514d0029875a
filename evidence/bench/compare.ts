import type { Bench, Say } from "./bench";
import { join, quantile, summarise, type Summary } from "./figures";
import type { LoadResult } from "./load";
import type { Probe } from "./probe";

const CONNECTIONS = 8;
const WARM_UP_SECONDS = 2;

export interface Target {
  port: number;
  probe: Probe;
  requests: string[];
}

export interface Side {
  perSecond: Summary;
  /** Of all requests of all rounds. */
  p50: number;
  p99: number;
  /** What one request cost the app's process, all its threads together. */
  cpuMicroseconds: Summary;
  bytes: number;
}

export interface Comparison {
  /** Throughput of ours over the other's, within each round. */
  throughput: Summary;
  cpu: Summary;
  ours: Side;
  other: Side;
}

/** Ours, the other, the other, ours, …: whatever the machine does meanwhile, it does to both. */
export async function compare(
  { load, options }: Bench,
  ours: Target,
  other: Target,
  say: Say,
  { rounds = options.rounds, connections = CONNECTIONS } = {},
): Promise<Comparison> {
  const slice = async ({ port, probe, requests }: Target, seconds: number) => {
    const before = await probe.cpuMicroseconds();
    const result = await load.run({ ports: [port], connections, requests, seconds });
    return { ...result, cpuMicroseconds: (await probe.cpuMicroseconds()) - before };
  };
  say("warming up");
  for (const target of [ours, other, ours, other]) await slice(target, WARM_UP_SECONDS / 2);

  const slices: { ours: Slice; other: Slice }[] = [];
  for (let round = 0; round < rounds; round++) {
    say(`round ${round + 1} of ${rounds}`);
    const oursFirst = round % 2 === 0;
    const first = await slice(oursFirst ? ours : other, options.sliceSeconds);
    const second = await slice(oursFirst ? other : ours, options.sliceSeconds);
    slices.push(oursFirst ? { ours: first, other: second } : { ours: second, other: first });
  }
  return {
    throughput: summarise(slices.map((pair) => perSecondOf(pair.ours) / perSecondOf(pair.other))),
    cpu: summarise(slices.map((pair) => cpuOf(pair.ours) / cpuOf(pair.other))),
    ours: sideOf(slices.map((pair) => pair.ours)),
    other: sideOf(slices.map((pair) => pair.other)),
  };
}

type Slice = LoadResult & { cpuMicroseconds: number };

function perSecondOf({ milliseconds, seconds }: Slice): number {
  return milliseconds.length / seconds;
}

function cpuOf({ cpuMicroseconds, milliseconds }: Slice): number {
  return cpuMicroseconds / milliseconds.length;
}

function sideOf(slices: Slice[]): Side {
  const milliseconds = join(slices.map((slice) => slice.milliseconds));
  return {
    perSecond: summarise(slices.map(perSecondOf)),
    p50: quantile(milliseconds, 0.5),
    p99: quantile(milliseconds, 0.99),
    cpuMicroseconds: summarise(slices.map(cpuOf)),
    bytes: slices.reduce((sum, { bytes }) => sum + bytes, 0) / milliseconds.length,
  };
}
