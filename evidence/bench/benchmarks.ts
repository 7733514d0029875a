import type { Benchmark } from "./benchmark";
import type { BenchmarkName } from "./benchmark-names";
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

export const BENCHMARKS: Record<BenchmarkName, Benchmark> = {
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
