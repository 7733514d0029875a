import { expect, test } from "vitest";
import { readOptions } from "./options";
import { BENCHMARK_NAMES } from "./benchmark-names";

test("bench options: default to all benchmarks and a million sessions", () => {
  expect(readOptions([])).toMatchObject({ benchmarks: BENCHMARK_NAMES, isQuick: false, sessions: 1_000_000 });
});

test("bench options: --quick omits slow benchmarks", () => {
  const { benchmarks, isQuick } = readOptions(["--quick"]);
  expect(isQuick).toBe(true);
  expect(benchmarks).toEqual(BENCHMARK_NAMES.filter((name) => !["memory", "instances", "types"].includes(name)));
});

test("bench options: --only selects benchmarks in the order of the table", () => {
  expect(readOptions(["--only", "page,call"]).benchmarks).toEqual(["call", "page"]);
  expect(readOptions(["--quick", "--only", "types", "--only", "call"]).benchmarks).toEqual(["call", "types"]);
});

test("bench options: --profile alone runs no benchmark", () => {
  expect(readOptions(["--profile"]).benchmarks).toEqual([]);
  expect(readOptions(["--profile", "--only", "call"]).benchmarks).toEqual(["call"]);
});

test.each([[["--only", "calls"]], [["--sessions", "many"]], [["--sessions", "12"]], [["--fast"]]])(
  "bench options: %s is refused",
  (args) => {
    expect(() => readOptions(args)).toThrow();
  },
);
