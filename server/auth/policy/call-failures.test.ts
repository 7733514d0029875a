import { describe, expect, test } from "vitest";
import { decideAfterFailure, mayNavigateAgain, type FailedCall } from "./call-failures";

const PATH = "/dashboard/sessions?sort=ip";
const asked: FailedCall = { status: 401, isNavigational: true, retries: 0, path: PATH };
const REPORT = { kind: "report" };

describe("a 401", () => {
  test("is repeated once: the gate may have refreshed for another call meanwhile", () => {
    expect(decideAfterFailure(asked)).toEqual({ kind: "retry" });
    expect(decideAfterFailure({ ...asked, isNavigational: false })).toEqual({ kind: "retry" });
  });

  test.each([1, 2, 50])("leads to the login form after %i retries, and back from there", (retries) => {
    const to = "/login?next=%2Fdashboard%2Fsessions%3Fsort%3Dip";
    expect(decideAfterFailure({ ...asked, retries })).toEqual({ kind: "navigate", to });
  });
});

describe("a page that cannot be shown", () => {
  test.each([429, 500, 502, 503, 504])("with %i leads to the maintenance page", (status) => {
    const to = `/maintenance?status=${status}&next=%2Fdashboard%2Fsessions%3Fsort%3Dip`;
    expect(decideAfterFailure({ ...asked, status })).toEqual({ kind: "navigate", to });
  });

  test.each([null, 0, 400, 403, 404, 409, 413, 415])("with %s says so itself", (status) => {
    expect(decideAfterFailure({ ...asked, status })).toEqual(REPORT);
  });
});

test.each([null, 400, 403, 409, 429, 500, 503])("a form says %s in place and loses nothing", (status) => {
  expect(decideAfterFailure({ ...asked, status, isNavigational: false })).toEqual(REPORT);
});

describe("leaving again", () => {
  test("is allowed the first time, and once the last time is long ago", () => {
    expect(mayNavigateAgain(null, 1_000_000)).toBe(true);
    expect(mayNavigateAgain(1_000_000, 1_010_001)).toBe(true);
  });

  test("is a loop within ten seconds", () => {
    for (const later of [0, 1, 5000, 10_000]) expect(mayNavigateAgain(1_000_000, 1_000_000 + later)).toBe(false);
  });

  test("is not forbidden for ever by a clock that was put back", () => {
    expect(mayNavigateAgain(1_000_000, 1_000_000 - 3_600_000)).toBe(true);
  });
});
