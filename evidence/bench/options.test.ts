import { expect, test } from "vitest";
import { readOptions } from "./options";
import { BENCHMARK_NAMES } from "./benchmark-names";

test("without a word everything is measured, at a million sessions", () => {
  expect(readOptions([])).toMatchObject({ benchmarks: BENCHMARK_NAMES, isQuick: false, sessions: 1_000_000 });
});

test("a quick run leaves out what no promise depends on", () => {
  const { benchmarks, isQuick } = readOptions(["--quick"]);
  expect(isQuick).toBe(true);
  expect(benchmarks).toEqual(BENCHMARK_NAMES.filter((name) => !["memory", "instances", "types"].includes(name)));
});

test("rows are chosen by name, in the order of the table", () => {
  expect(readOptions(["--only", "page,call"]).benchmarks).toEqual(["call", "page"]);
  expect(readOptions(["--quick", "--only", "types", "--only", "call"]).benchmarks).toEqual(["call", "types"]);
});

test("a profile alone measures no row", () => {
  expect(readOptions(["--profile"]).benchmarks).toEqual([]);
  expect(readOptions(["--profile", "--only", "call"]).benchmarks).toEqual(["call"]);
});

test.each([[["--only", "calls"]], [["--sessions", "many"]], [["--sessions", "12"]], [["--fast"]]])(
  "%s is refused",
  (args) => {
    expect(() => readOptions(args)).toThrow();
  },
);
