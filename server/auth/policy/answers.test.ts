import { describe, expect, test } from "vitest";
import { decideAfterAnswer, mayLeaveAgain, type FailedAnswer } from "./answers";

const PATH = "/dashboard/sessions?sort=ip";
const asked: FailedAnswer = { status: 401, isNavigational: true, repeats: 0, path: PATH };
const REPORT = { kind: "report" };

describe("a 401", () => {
  test("is repeated once: the gate may have refreshed for another call meanwhile", () => {
    expect(decideAfterAnswer(asked)).toEqual({ kind: "repeat" });
    expect(decideAfterAnswer({ ...asked, isNavigational: false })).toEqual({ kind: "repeat" });
  });

  test.each([1, 2, 50])("leads to the login form after %i repeats, and back from there", (repeats) => {
    const to = "/login?next=%2Fdashboard%2Fsessions%3Fsort%3Dip";
    expect(decideAfterAnswer({ ...asked, repeats })).toEqual({ kind: "leave", to });
  });
});

describe("a page that cannot be shown", () => {
  test.each([429, 500, 502, 503, 504])("with %i leads to the maintenance page", (status) => {
    const to = `/maintenance?status=${status}&next=%2Fdashboard%2Fsessions%3Fsort%3Dip`;
    expect(decideAfterAnswer({ ...asked, status })).toEqual({ kind: "leave", to });
  });

  test.each([null, 0, 400, 403, 404, 409, 413, 415])("with %s says so itself", (status) => {
    expect(decideAfterAnswer({ ...asked, status })).toEqual(REPORT);
  });
});

test.each([null, 400, 403, 409, 429, 500, 503])("a form says %s in place and loses nothing", (status) => {
  expect(decideAfterAnswer({ ...asked, status, isNavigational: false })).toEqual(REPORT);
});

describe("leaving again", () => {
  test("is allowed the first time, and once the last time is long ago", () => {
    expect(mayLeaveAgain(null, 1_000_000)).toBe(true);
    expect(mayLeaveAgain(1_000_000, 1_010_001)).toBe(true);
  });

  test("is a loop within ten seconds", () => {
    for (const later of [0, 1, 5000, 10_000]) expect(mayLeaveAgain(1_000_000, 1_000_000 + later)).toBe(false);
  });

  test("is not forbidden for ever by a clock that was put back", () => {
    expect(mayLeaveAgain(1_000_000, 1_000_000 - 3_600_000)).toBe(true);
  });
});
