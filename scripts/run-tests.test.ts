import { expect, test } from "vitest";
import { readArguments } from "./run-tests.mjs";
import { filterSlowTests } from "./test-checks.mjs";

const chosenBy = (args: string[]) => readArguments(args).chosen.map(({ name }) => name);

test("npm test: arguments after the name of a suite go to its runner", () => {
  expect(chosenBy(["unit", "gate", "-t", "loops"])).toEqual(["unit"]);
  expect(readArguments(["unit", "gate", "-t", "loops"]).rest).toEqual(["gate", "-t", "loops"]);
  expect(readArguments(["db", "--newest-mysql"])).toMatchObject({ rest: [], onNewestMysql: true });
});

test("npm test: without a name all suites run except those on request", () => {
  expect(chosenBy([])).toEqual(["format", "types", "unit", "db", "e2e"]);
  expect(chosenBy(["start", "types"])).toEqual(["types", "start"]);
});

test.each([[["gate"]], [["unit", "db", "gate"]]])(
  "npm test: %j is refused because the runner of the arguments is ambiguous",
  (args) => {
    expect(() => readArguments(args)).toThrow("Name one suite");
  },
);

test("npm test: slow browser tests run only with --slow, and then exclusively", () => {
  expect(filterSlowTests(["tabs.spec.ts"])).toEqual(["--grep-invert=@slow", "tabs.spec.ts"]);
  expect(filterSlowTests(["--slow", "outage"])).toEqual(["--grep=@slow", "outage"]);
});
