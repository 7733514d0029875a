import { expect, test } from "vitest";
import { judgeTestRun, type TestReport } from "./judge-test-run";

function reportOf(statuses: Record<string, string>, status = "passed"): TestReport {
  const assertionResults = Object.entries(statuses).map(([fullName, one]) => ({ fullName, status: one }));
  return { testResults: [{ name: "a.db.test.ts", status, assertionResults }] };
}

const tally = (failed: number) => ({ passed: 1, failed, skipped: 0 });

test("tests on Galera: a run in which exactly the excepted tests fail is as expected", () => {
  expect(judgeTestRun(reportOf({ one: "passed", two: "failed" }, "failed"), tally(1), { two: "why" })).toEqual({
    failed: [],
    passed: [],
    problems: [],
  });
});

test("tests on Galera: a failed test without an exception is reported", () => {
  expect(judgeTestRun(reportOf({ one: "failed" }, "failed"), tally(1), {}).failed).toEqual([
    { title: "one", file: "a.db.test.ts" },
  ]);
});

test.each(["passed", "skipped"])("tests on Galera: an excepted test with the result %s is reported", (status) => {
  expect(judgeTestRun(reportOf({ one: status, two: "passed" }), tally(0), { one: "why" }).passed).toEqual([
    { title: "one", file: "a.db.test.ts" },
  ]);
});

test("tests on Galera: an exception for a test that does not exist is reported", () => {
  expect(judgeTestRun(reportOf({ one: "passed" }), tally(0), { other: "why" }).problems).toEqual([
    "not found, correct its exception: other",
  ]);
});

test.each([
  ["could not be loaded", {}],
  ["has a hook that failed, so that its tests were skipped", { one: "skipped" }],
])("tests on Galera: a file that %s is reported", (_, statuses) => {
  expect(judgeTestRun(reportOf(statuses, "failed"), tally(1), {}).problems).toEqual([
    "failed outside its tests: a.db.test.ts",
  ]);
});

test("tests on Galera: a runner that fails although all tests passed is reported", () => {
  expect(judgeTestRun(reportOf({ one: "passed" }), tally(1), {}).problems).toEqual([
    "the run itself failed, see its log",
  ]);
});
