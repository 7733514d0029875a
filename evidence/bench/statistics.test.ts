import { expect, test } from "vitest";
import { concatenate, median, quantile, slope, summarise } from "./statistics";

test("a quantile is one of the values, and the smallest that enough others do not exceed", () => {
  const hundred = Array.from({ length: 100 }, (_, index) => 100 - index);
  expect([0, 0.01, 0.5, 0.99, 1].map((share) => quantile(hundred, share))).toEqual([1, 1, 50, 99, 100]);
  expect(quantile([7], 0.99)).toBe(7);
});

test("numbers are ordered as numbers", () => {
  expect(quantile([9, 10, 100], 1)).toBe(100);
  expect(median([100, 9, 10])).toBe(10);
});

test("the median of an even number lies between the two in the middle", () => {
  expect(median([1, 2, 4, 100])).toBe(3);
  expect(median([3, 1])).toBe(2);
});

test("the median does not move when the extremes do", () => {
  expect(summarise([0.9, 1, 1.1])).toEqual({ median: 1, min: 0.9, max: 1.1 });
  expect(summarise([0.01, 1, 55])).toEqual({ median: 1, min: 0.01, max: 55 });
});

test("a measure without a sample is no measure", () => {
  expect(() => quantile([], 0.5)).toThrow(RangeError);
  expect(() => median([])).toThrow(RangeError);
});

test("a line through points says how much comes with each step", () => {
  expect(slope([[0, 5], [10, 25], [20, 45]])).toBeCloseTo(2); // prettier-ignore
  expect(slope([[0, 7], [1, 7], [2, 7]])).toBe(0); // prettier-ignore
  expect(slope([[0, 0], [1, 3], [2, 0], [3, 3]])).toBeCloseTo(0.6); // prettier-ignore
  expect(() => slope([[1, 1]])).toThrow(RangeError);
});

test("parts are joined in their order", () => {
  expect([...concatenate([Float64Array.of(1, 2), new Float64Array(), Float64Array.of(3)])]).toEqual([1, 2, 3]);
});
