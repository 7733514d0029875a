import { expect, test } from "vitest";
import { sumTallies, summaryLine, resultOfRun, tallyPlaywright, tallyVitest } from "./test-report.mjs";

const tally = { passed: 3, failed: 0, skipped: 0 };

test("test report: a run has the result of its tests", () => {
  expect(resultOfRun(tally, 0)).toEqual(tally);
  expect(resultOfRun({ passed: 3, failed: 2, skipped: 1 }, 1)).toEqual({ passed: 3, failed: 2, skipped: 1 });
});

test.each([
  ["a runner that fails although its tests pass", tally, 1],
  ["a runner that finds no test", { passed: 0, failed: 0, skipped: 0 }, 0],
  ["a runner that leaves no report", null, 0],
])("test report: %s is a failure", (_, counted, code) => {
  expect(resultOfRun(counted, code).failed).toBe(1);
});

test("test report: a test file that fails to load is a failure", () => {
  const report = {
    numPassedTests: 5,
    numFailedTests: 1,
    numPendingTests: 1,
    numTodoTests: 1,
    testResults: [
      { status: "failed", assertionResults: [] },
      { status: "failed", assertionResults: [{ status: "failed" }] },
      { status: "passed", assertionResults: [] },
    ],
  };
  expect(tallyVitest(report)).toEqual({ passed: 5, failed: 2, skipped: 2 });
});

test("test report: an error outside the browser tests is a failure", () => {
  const stats = { expected: 7, unexpected: 1, flaky: 1, skipped: 2 };
  expect(tallyPlaywright({ stats, errors: [{}] })).toEqual({ passed: 8, failed: 2, skipped: 2 });
});

test("test report: the summary mentions skipped tests only if there are any", () => {
  expect(summaryLine(sumTallies([tally, tally]))).toBe("6 passed, 0 failed");
  expect(summaryLine({ passed: 1, failed: 2, skipped: 3 })).toBe("1 passed, 2 failed, 3 skipped");
});
