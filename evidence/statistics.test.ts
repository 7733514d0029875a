import { expect, test } from "vitest";
import { concatenate, median, quantile, slope, summarise } from "./statistics";

test("quantile: is the nearest-rank value", () => {
  const hundred = Array.from({ length: 100 }, (_, index) => 100 - index);
  expect([0, 0.01, 0.5, 0.99, 1].map((share) => quantile(hundred, share))).toEqual([1, 1, 50, 99, 100]);
  expect(quantile([7], 0.99)).toBe(7);
});

test("quantile: sorts numerically", () => {
  expect(quantile([9, 10, 100], 1)).toBe(100);
  expect(median([100, 9, 10])).toBe(10);
});

test("median: of an even count is the mean of the two middle values", () => {
  expect(median([1, 2, 4, 100])).toBe(3);
  expect(median([3, 1])).toBe(2);
});

test("median: does not depend on the extremes", () => {
  expect(summarise([0.9, 1, 1.1])).toEqual({ median: 1, min: 0.9, max: 1.1 });
  expect(summarise([0.01, 1, 55])).toEqual({ median: 1, min: 0.01, max: 55 });
});

test("quantile, median: throw without values", () => {
  expect(() => quantile([], 0.5)).toThrow(RangeError);
  expect(() => median([])).toThrow(RangeError);
});

test("slope: is that of the least-squares line", () => {
  expect(slope([[0, 5], [10, 25], [20, 45]])).toBeCloseTo(2); // prettier-ignore
  expect(slope([[0, 7], [1, 7], [2, 7]])).toBe(0); // prettier-ignore
  expect(slope([[0, 0], [1, 3], [2, 0], [3, 3]])).toBeCloseTo(0.6); // prettier-ignore
  expect(() => slope([[1, 1]])).toThrow(RangeError);
});

test("concatenate: keeps the order", () => {
  expect([...concatenate([Float64Array.of(1, 2), new Float64Array(), Float64Array.of(3)])]).toEqual([1, 2, 3]);
});
