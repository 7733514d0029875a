import { expect, test } from "vitest";
import { readArguments } from "./run-tests.mjs";
import { filterSlowTests } from "./test-checks.mjs";

const chosenBy = (args: string[]) => readArguments(args).chosen.map(({ name }) => name);

test("a part is named first, and the rest goes to its runner", () => {
  expect(chosenBy(["unit", "gate", "-t", "loops"])).toEqual(["unit"]);
  expect(readArguments(["unit", "gate", "-t", "loops"]).rest).toEqual(["gate", "-t", "loops"]);
  expect(readArguments(["db", "--newest-mysql"])).toMatchObject({ rest: [], onNewestMysql: true });
});

test("without a name all parts run but those on request", () => {
  expect(chosenBy([])).toEqual(["format", "types", "unit", "db", "e2e"]);
  expect(chosenBy(["start", "types"])).toEqual(["types", "start"]);
});

test.each([[["gate"]], [["unit", "db", "gate"]]])("%j is refused: whose argument is it?", (args) => {
  expect(() => readArguments(args)).toThrow("Name one of");
});

test("browser tests that take a while are run when they are asked for, and then alone", () => {
  expect(filterSlowTests(["tabs.spec.ts"])).toEqual(["--grep-invert=@slow", "tabs.spec.ts"]);
  expect(filterSlowTests(["--slow", "outage"])).toEqual(["--grep=@slow", "outage"]);
});
