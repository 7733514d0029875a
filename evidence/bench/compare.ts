import type { BenchmarkContext, OnProgress } from "./benchmark";
import { concatenate, quantile, summarise, type Summary } from "@/evidence/statistics";
import type { LoadResult } from "./load-generator";
import type { Probe } from "@/evidence/app-probe";

const CONNECTIONS = 8;
const WARM_UP_SECONDS = 2;

export interface Target {
  port: number;
  probe: Probe;
  requests: string[];
}

export interface TargetResult {
  perSecond: Summary;
  /** Over all requests of all rounds. */
  p50: number;
  p99: number;
  /** CPU time of the app's process per request, all threads. */
  cpuMicroseconds: Summary;
  bytes: number;
}

export interface Comparison {
  /** Throughput of the subject divided by that of the baseline, per round. */
  throughput: Summary;
  cpu: Summary;
  subject: TargetResult;
  baseline: TargetResult;
}

/** Measures in ABBA order, so that changes of the machine's load affect both targets. */
export async function compare(
  { loadGenerator, options }: BenchmarkContext,
  subject: Target,
  baseline: Target,
  onProgress: OnProgress,
  { rounds = options.rounds, connections = CONNECTIONS } = {},
): Promise<Comparison> {
  const slice = async ({ port, probe, requests }: Target, seconds: number) => {
    const before = await probe.cpuMicroseconds();
    const result = await loadGenerator.run({ ports: [port], connections, requests, seconds });
    return { ...result, cpuMicroseconds: (await probe.cpuMicroseconds()) - before };
  };
  onProgress("warming up");
  for (const target of [subject, baseline, subject, baseline]) await slice(target, WARM_UP_SECONDS / 2);

  const slices: { subject: MeasuredSlice; baseline: MeasuredSlice }[] = [];
  for (let round = 0; round < rounds; round++) {
    onProgress(`round ${round + 1} of ${rounds}`);
    const subjectFirst = round % 2 === 0;
    const first = await slice(subjectFirst ? subject : baseline, options.sliceSeconds);
    const second = await slice(subjectFirst ? baseline : subject, options.sliceSeconds);
    slices.push(subjectFirst ? { subject: first, baseline: second } : { subject: second, baseline: first });
  }
  return {
    throughput: summarise(slices.map((pair) => perSecondOf(pair.subject) / perSecondOf(pair.baseline))),
    cpu: summarise(slices.map((pair) => cpuOf(pair.subject) / cpuOf(pair.baseline))),
    subject: sideOf(slices.map((pair) => pair.subject)),
    baseline: sideOf(slices.map((pair) => pair.baseline)),
  };
}

type MeasuredSlice = LoadResult & { cpuMicroseconds: number };

function perSecondOf({ milliseconds, seconds }: MeasuredSlice): number {
  return milliseconds.length / seconds;
}

function cpuOf({ cpuMicroseconds, milliseconds }: MeasuredSlice): number {
  return cpuMicroseconds / milliseconds.length;
}

function sideOf(slices: MeasuredSlice[]): TargetResult {
  const milliseconds = concatenate(slices.map((slice) => slice.milliseconds));
  return {
    perSecond: summarise(slices.map(perSecondOf)),
    p50: quantile(milliseconds, 0.5),
    p99: quantile(milliseconds, 0.99),
    cpuMicroseconds: summarise(slices.map(cpuOf)),
    bytes: slices.reduce((sum, { bytes }) => sum + bytes, 0) / milliseconds.length,
  };
}
