/** Values of `--only`, in the order of the table. */
export const BENCHMARK_NAMES = [
  "call",
  "page",
  "statements",
  "sessions",
  "logins",
  "revocation",
  "weight",
  "start",
  "memory",
  "instances",
  "types",
] as const;

export type BenchmarkName = (typeof BENCHMARK_NAMES)[number];
