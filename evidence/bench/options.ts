import { parseArgs } from "node:util";
import { UserError } from "@/scripts/user-error.mjs";
import { BENCHMARK_NAMES, type BenchmarkName } from "./benchmark-names";

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

/** `--quick`, `--only call,page`, `--sessions 10000000`, `--profile`, `--report file`. */
export function readOptions(args: string[]): Options {
  const { values } = parseArgs({
    args,
    options: {
      quick: { type: "boolean", default: false },
      profile: { type: "boolean", default: false },
      only: { type: "string", multiple: true, default: [] },
      sessions: { type: "string" },
      report: { type: "string" },
    },
  });
  const named = values.only.flatMap((list) => list.split(",")).map((name) => name.trim());
  const unknown = named.filter((name) => !BENCHMARK_NAMES.includes(name as BenchmarkName));
  if (unknown.length > 0)
    throw new UserError(`Unknown benchmark ${unknown.join(", ")}: --only accepts ${BENCHMARK_NAMES.join(", ")}.`);
  const isQuick = values.quick;
  const wanted = BENCHMARK_NAMES.filter((name) => !isQuick || !ONLY_IN_FULL.includes(name));
  return {
    benchmarks:
      named.length > 0 ? BENCHMARK_NAMES.filter((name) => named.includes(name)) : values.profile ? [] : wanted,
    isQuick,
    profiles: values.profile,
    sessions: numberOf("sessions", values.sessions) ?? (isQuick ? 50_000 : 1_000_000),
    reportFile: values.report,
    rounds: isQuick ? 6 : 20,
    sliceSeconds: isQuick ? 0.4 : 1,
  };
}

function numberOf(name: string, value: string | undefined): number | null {
  if (value === undefined) return null;
  const number = Number(value);
  if (!Number.isInteger(number) || number < 10_000) {
    throw new UserError(`--${name} must be a whole number of at least 10000, not ${value}`);
  }
  return number;
}
