import { expect, test } from "vitest";
import { atLeast, atMost, evaluate } from "./thresholds";

test.each([
  [0.95, "held"],
  [1.2, "held"],
  [0.949, "missed"],
  [0.8, "missed"],
  [0.799, "far off"],
  [Number.NaN, "far off"],
])("threshold: %s of at least 0.95 is %s", (value, verdict) => {
  expect(evaluate(value, atLeast(0.95, 0.8))).toBe(verdict);
});

test.each([
  [2, "held"],
  [0, "held"],
  [3, "far off"],
  [Number.NaN, "far off"],
])("threshold: %s of at most 2 is %s", (value, verdict) => {
  expect(evaluate(value, atMost(2))).toBe(verdict);
});

test("threshold: a value between the limit and far is missed, not far off", () => {
  expect([4, 5, 8, 9].map((value) => evaluate(value, atMost(4, 8)))).toEqual(["held", "missed", "missed", "far off"]);
});
