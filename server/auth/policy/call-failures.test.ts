import { describe, expect, test } from "vitest";
import { decideAfterFailure, mayNavigateAgain, type FailedCall } from "./call-failures";

const PATH = "/dashboard/sessions?sort=ip";
const failed: FailedCall = {
  status: 401,
  reason: null,
  isNavigational: true,
  retries: 0,
  isConfirmed: false,
  path: PATH,
};
const REPORT = { kind: "report" };

describe("a 401", () => {
  test("is retried once: the gate may have refreshed for another call meanwhile", () => {
    expect(decideAfterFailure(failed)).toEqual({ kind: "retry" });
    expect(decideAfterFailure({ ...failed, isNavigational: false })).toEqual({ kind: "retry" });
  });

  test.each([1, 2, 50])("leads to the login form after %i retries, with the page as `next`", (retries) => {
    const to = "/login?next=%2Fdashboard%2Fsessions%3Fsort%3Dip";
    expect(decideAfterFailure({ ...failed, retries })).toEqual({ kind: "navigate", to });
  });
});

describe("a failed call that a page needs", () => {
  test.each([429, 500, 502, 503, 504])("leads to the maintenance page with status %i", (status) => {
    const to = `/maintenance?status=${status}&next=%2Fdashboard%2Fsessions%3Fsort%3Dip`;
    expect(decideAfterFailure({ ...failed, status })).toEqual({ kind: "navigate", to });
  });

  test.each([null, 0, 400, 403, 404, 409, 413, 415])("is reported on the page with status %s", (status) => {
    expect(decideAfterFailure({ ...failed, status })).toEqual(REPORT);
  });
});

describe("a call that requires a step-up", () => {
  const required: FailedCall = { ...failed, status: 403, reason: "STEP_UP_REQUIRED" };

  test.each([true, false])("asks the user to authenticate again, needed by the page or not: %s", (isNavigational) => {
    expect(decideAfterFailure({ ...required, isNavigational })).toEqual({ kind: "step-up" });
    expect(decideAfterFailure({ ...required, isNavigational, retries: 1 })).toEqual({ kind: "step-up" });
  });

  test("is reported if it is refused again after the user did", () => {
    expect(decideAfterFailure({ ...required, isConfirmed: true })).toEqual(REPORT);
  });
});

test("a wrong code of a second factor is reported in place, neither retried nor taken for a session that has ended", () => {
  expect(decideAfterFailure({ ...failed, reason: "SECOND_FACTOR_WRONG", isNavigational: false })).toEqual(REPORT);
});

test.each([null, 400, 403, 409, 429, 500, 503])("a form reports status %s in place and keeps its input", (status) => {
  expect(decideAfterFailure({ ...failed, status, isNavigational: false })).toEqual(REPORT);
});

describe("a second navigation because of a failed call", () => {
  test("is allowed if there was none before, or none within ten seconds", () => {
    expect(mayNavigateAgain(null, 1_000_000)).toBe(true);
    expect(mayNavigateAgain(1_000_000, 1_010_001)).toBe(true);
  });

  test("is refused within ten seconds, as it would be a loop", () => {
    for (const later of [0, 1, 5000, 10_000]) expect(mayNavigateAgain(1_000_000, 1_000_000 + later)).toBe(false);
  });

  test("is allowed after the clock was set back", () => {
    expect(mayNavigateAgain(1_000_000, 1_000_000 - 3_600_000)).toBe(true);
  });
});
