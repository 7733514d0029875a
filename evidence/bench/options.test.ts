import { expect, test } from "vitest";
import { parseOptions } from "@/evidence/parse-options";
import { readOptions, USAGE } from "./options";
import { BENCHMARK_NAMES } from "./benchmarks";

const read = (args: string[]) => readOptions(parseOptions(USAGE, args));

test("bench options: default to all benchmarks and a million sessions", () => {
  expect(read([])).toMatchObject({ benchmarks: BENCHMARK_NAMES, isQuick: false, sessions: 1_000_000 });
});

test("bench options: --quick omits slow benchmarks", () => {
  const { benchmarks, isQuick } = read(["--quick"]);
  expect(isQuick).toBe(true);
  expect(benchmarks).toEqual(BENCHMARK_NAMES.filter((name) => !["memory", "instances", "types"].includes(name)));
});

test("bench options: --only selects benchmarks in the order of the table", () => {
  expect(read(["--only", "page,call"]).benchmarks).toEqual(["call", "page"]);
  expect(read(["--quick", "--only", "types", "--only", "call"]).benchmarks).toEqual(["call", "types"]);
});

test("bench options: --profile alone runs no benchmark", () => {
  expect(read(["--profile"]).benchmarks).toEqual([]);
  expect(read(["--profile", "--only", "call"]).benchmarks).toEqual(["call"]);
});

test.each([[["--only", "calls"]], [["--sessions", "many"]], [["--sessions", "12"]], [["--fast"]]])(
  "bench options: %s is refused",
  (args) => {
    expect(() => read(args)).toThrow();
  },
);
