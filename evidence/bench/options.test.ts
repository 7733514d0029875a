import { expect, test } from "vitest";
import { readOptions } from "./options";
import { ROW_NAMES } from "./row-names";

test("without a word everything is measured, at a million sessions", () => {
  expect(readOptions([])).toMatchObject({ rows: ROW_NAMES, isQuick: false, sessions: 1_000_000 });
});

test("a quick run leaves out what no promise depends on", () => {
  const { rows, isQuick } = readOptions(["--quick"]);
  expect(isQuick).toBe(true);
  expect(rows).toEqual(ROW_NAMES.filter((name) => !["memory", "instances", "types"].includes(name)));
});

test("rows are chosen by name, in the order of the table", () => {
  expect(readOptions(["--only", "page,call"]).rows).toEqual(["call", "page"]);
  expect(readOptions(["--quick", "--only", "types", "--only", "call"]).rows).toEqual(["call", "types"]);
});

test("a profile alone measures no row", () => {
  expect(readOptions(["--profile"]).rows).toEqual([]);
  expect(readOptions(["--profile", "--only", "call"]).rows).toEqual(["call"]);
});

test.each([[["--only", "calls"]], [["--sessions", "many"]], [["--sessions", "12"]], [["--fast"]]])(
  "%s is refused",
  (args) => {
    expect(() => readOptions(args)).toThrow();
  },
);
