import { expect, test } from "vitest";
import { countRelapses, quietSeconds, waitSeconds } from "./retry-schedule";

const NOW = Date.UTC(2026, 10, 21);

test("each wait is about twice the one before, and never longer than 75 seconds", () => {
  const waits = [0, 1, 2, 3, 4, 5, 50].map((tries) => waitSeconds(tries, 0.5));
  expect(waits).toEqual([2, 4, 8, 16, 32, 60, 60]);
  expect(waitSeconds(50, 1)).toBe(75);
});

test("people who were thrown out together do not come back together", () => {
  expect(waitSeconds(3, 0)).toBe(12);
  expect(waitSeconds(3, 1)).toBe(20);
});

test.each([
  [503, 0],
  [500, 0],
  [429, 15],
  [400, 30],
])("status %i is left alone for %i seconds", (status, seconds) => {
  expect(quietSeconds(status, 0)).toBe(seconds);
});

test.each([503, 429, 400, 0])("coming back with status %i again and again slows down, up to a minute", (status) => {
  const quiet = [1, 2, 3, 4, 5, 6].map((relapses) => quietSeconds(status, relapses));
  expect(quiet).toEqual(quiet.toSorted((one, other) => one - other));
  expect(quiet[0]).toBeGreaterThan(quietSeconds(status, 0));
  expect(quiet.at(-1)).toBe(60);
});

test("a return long ago is no relapse", () => {
  expect(countRelapses({ count: 4, lastAt: NOW - 10_000 }, NOW)).toBe(4);
  expect(countRelapses({ count: 4, lastAt: NOW - 121_000 }, NOW)).toBe(0);
  expect(countRelapses(null, NOW)).toBe(0);
});
