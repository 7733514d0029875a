import { expect, test } from "vitest";
import { readArguments } from "./run-tests.mjs";
import { onlySlowOrQuick } from "./test-checks.mjs";

test("a part is named first, and the rest goes to its runner", () => {
  expect(readArguments(["unit", "gate", "-t", "loops"])).toMatchObject({
    chosen: ["unit"],
    rest: ["gate", "-t", "loops"],
  });
  expect(readArguments(["db", "--newest-mysql"])).toMatchObject({ chosen: ["db"], rest: [], onNewestMysql: true });
  expect(readArguments([])).toMatchObject({ chosen: [], rest: [], onNewestMysql: false });
});

test("what runs on the built app brings the build along", () => {
  expect(readArguments(["lab", "--seed", "7"])).toMatchObject({ chosen: ["lab", "build"], rest: ["--seed", "7"] });
  expect(readArguments(["proxies"])).toMatchObject({ chosen: ["proxies", "build"], rest: [] });
  expect(readArguments(["e2e", "--headed"])).toMatchObject({ chosen: ["e2e", "build"], rest: ["--headed"] });
});

test.each([[["gate"]], [["unit", "db", "gate"]]])("%j is refused: whose argument is it?", (args) => {
  expect(() => readArguments(args)).toThrow("Name one of");
});

test("browser tests that take a while are run when they are asked for, and then alone", () => {
  expect(onlySlowOrQuick(["tabs.spec.ts"])).toEqual(["--grep-invert=@slow", "tabs.spec.ts"]);
  expect(onlySlowOrQuick(["--slow", "outage"])).toEqual(["--grep=@slow", "outage"]);
});
