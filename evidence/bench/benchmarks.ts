import { call, page } from "./benchmarks/baseline";
import { statements } from "./benchmarks/statements";
import { sessions } from "./benchmarks/sessions";
import { logins } from "./benchmarks/logins";
import { revocation } from "./benchmarks/revocation";
import { weight } from "./benchmarks/weight";
import { start } from "./benchmarks/start";
import { memory } from "./benchmarks/memory";
import { instances } from "./benchmarks/instances";
import { types } from "./benchmarks/types";

/** By the values of `--only`, in the order of the table. */
export const BENCHMARKS = {
  call,
  page,
  statements,
  sessions,
  logins,
  revocation,
  weight,
  start,
  memory,
  instances,
  types,
};

export type BenchmarkName = keyof typeof BENCHMARKS;

export const BENCHMARK_NAMES = Object.keys(BENCHMARKS) as BenchmarkName[];
