import { atLeast } from "@/evidence/bench/thresholds";
import type { BenchmarkContext, Benchmark, OnProgress } from "@/evidence/bench/benchmark";
import { compare, type Target } from "@/evidence/bench/compare";
import { measurement, milliseconds, perSecond, type Measurement } from "@/evidence/bench/measurements";
import { cookiesOf, spreadEvenly } from "@/evidence/bench/seed-data";
import { document, query } from "@/evidence/bench/requests";

const SESSIONS = 100;
/** Subject and baseline differ only in names of equal length. */
const BYTES_APART_AT_MOST = 0.01;

/** `auth.session` against the same procedure without authentication. */
export const call: Benchmark = (context, onProgress) =>
  compareWithBaseline(context, onProgress, "call", (cookies, isOpen) =>
    query(isOpen ? "open.session" : "auth.session", cookies),
  );

/** The dashboard against the same page without authentication. */
export const page: Benchmark = (context, onProgress) =>
  compareWithBaseline(context, onProgress, "page", (cookies, isOpen) =>
    document(isOpen ? "/open-page" : "/dashboard", cookies),
  );

async function compareWithBaseline(
  context: BenchmarkContext,
  onProgress: OnProgress,
  name: string,
  request: (cookies: string, isOpen: boolean) => string,
): Promise<Measurement[]> {
  const targets = await baselineTargets(context, onProgress, request);
  const { throughput, cpu, subject, baseline } = await compare(context, targets.subject, targets.baseline, onProgress);
  if (Math.abs(subject.bytes / baseline.bytes - 1) > BYTES_APART_AT_MOST) {
    throw new Error(`Subject and baseline differ in size: ${subject.bytes} and ${baseline.bytes} bytes`);
  }
  const rates = `${perSecond(subject.perSecond.median)} and ${perSecond(baseline.perSecond.median)}`;
  const detail = { throughput, cpu, subject, baseline };
  return [
    measurement(`Protected ${name}, throughput relative to baseline`, throughput, {
      threshold: atLeast(0.95, 0.75),
      note: rates,
      detail,
    }),
    measurement(`Protected ${name}, CPU time relative to baseline`, cpu, {
      note: `${subject.cpuMicroseconds.median.toFixed(0)} and ${baseline.cpuMicroseconds.median.toFixed(0)} µs`,
    }),
    measurement(`Protected ${name}, p50`, subject.p50, {
      format: milliseconds,
      note: `baseline ${milliseconds(baseline.p50)}`,
    }),
    measurement(`Protected ${name}, p99`, subject.p99, {
      format: milliseconds,
      note: `baseline ${milliseconds(baseline.p99)}`,
    }),
  ];
}

/** Both targets receive the same cookies. */
export async function baselineTargets(
  { testBed }: BenchmarkContext,
  onProgress: OnProgress,
  request: (cookies: string, isOpen: boolean) => string,
): Promise<{ subject: Target; baseline: Target }> {
  const { sessions, times } = await testBed.smallDatabase(onProgress);
  const { port, probe } = await testBed.baseline(onProgress);
  const people = await Promise.all(spreadEvenly(SESSIONS, sessions).map((ordinal) => cookiesOf(ordinal, times)));
  const cookies = people.map(({ access, refresh }) => `${access}; ${refresh}`);
  return {
    subject: { port, probe, requests: cookies.map((one) => request(one, false)) },
    baseline: { port, probe, requests: cookies.map((one) => request(one, true)) },
  };
}
