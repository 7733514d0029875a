import { REPORT, type Usage, type Values } from "@/evidence/parse-options";
import { BENCHMARK_NAMES, type BenchmarkName } from "./benchmarks";

export interface Options {
  benchmarks: readonly BenchmarkName[];
  isQuick: boolean;
  profiles: boolean;
  /** How many sessions the large database holds. */
  sessions: number;
  /** Additional file for the JSON report. */
  reportFile: string | undefined;
  /** Number of rounds, and seconds per slice. */
  rounds: number;
  sliceSeconds: number;
}

/** Benchmarks that a quick run omits: slow, and without a threshold that matters. */
const ONLY_IN_FULL: readonly BenchmarkName[] = ["memory", "instances", "types"];

export const USAGE = {
  command: "npm run bench",
  description: "measures what being signed in costs, relative to the same app without the check",
  options: {
    quick: { type: "flag", help: `fewer and shorter rounds, without ${ONLY_IN_FULL.join(", ")}` },
    only: { type: "list", help: "some benchmarks", choices: BENCHMARK_NAMES },
    sessions: { type: "number", help: "rows of the large database", least: 10_000, isInteger: true },
    profile: { type: "flag", help: "CPU profiles of a call, a page and a login; without --only no benchmark" },
    report: REPORT,
  },
} as const satisfies Usage;

export function readOptions({ quick, only, sessions, profile, report }: Values<typeof USAGE.options>): Options {
  const wanted = BENCHMARK_NAMES.filter((name) => !quick || !ONLY_IN_FULL.includes(name));
  return {
    benchmarks: only.length > 0 ? BENCHMARK_NAMES.filter((name) => only.includes(name)) : profile ? [] : wanted,
    isQuick: quick,
    profiles: profile,
    sessions: sessions ?? (quick ? 50_000 : 1_000_000),
    reportFile: report,
    rounds: quick ? 6 : 20,
    sliceSeconds: quick ? 0.4 : 1,
  };
}
