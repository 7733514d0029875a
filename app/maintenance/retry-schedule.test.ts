import { expect, test } from "vitest";
import { backoffSeconds, countFailedReturns, minimumDelaySeconds } from "./retry-schedule";

const NOW = Date.UTC(2026, 10, 21);

test("backoff: each delay is about twice the previous one, and at most 75 seconds", () => {
  const waits = [0, 1, 2, 3, 4, 5, 50].map((attempts) => backoffSeconds(attempts, 0.5));
  expect(waits).toEqual([2, 4, 8, 16, 32, 60, 60]);
  expect(backoffSeconds(50, 1)).toBe(75);
});

test("backoff: jitter spreads clients that started at the same time", () => {
  expect(backoffSeconds(3, 0)).toBe(12);
  expect(backoffSeconds(3, 1)).toBe(20);
});

test.each([
  [503, 0],
  [500, 0],
  [429, 15],
  [400, 30],
])("minimum delay: status %i waits %i seconds", (status, seconds) => {
  expect(minimumDelaySeconds(status, 0)).toBe(seconds);
});

test.each([503, 429, 400, 0])(
  "minimum delay: status %i waits longer after each failed return, up to a minute",
  (status) => {
    const delays = [1, 2, 3, 4, 5, 6].map((failedReturns) => minimumDelaySeconds(status, failedReturns));
    expect(delays).toEqual(delays.toSorted((one, other) => one - other));
    expect(delays[0]).toBeGreaterThan(minimumDelaySeconds(status, 0));
    expect(delays.at(-1)).toBe(60);
  },
);

test("failed returns: a return more than two minutes ago does not count", () => {
  expect(countFailedReturns({ count: 4, lastAt: NOW - 10_000 }, NOW)).toBe(4);
  expect(countFailedReturns({ count: 4, lastAt: NOW - 121_000 }, NOW)).toBe(0);
  expect(countFailedReturns(null, NOW)).toBe(0);
});
