import fc from "fast-check";
import { expect, test } from "vitest";
import { earlierOf, refreshDueAt, requestTimeoutSeconds, secondsAfter, secondsBetween } from "./lifetimes";

const NOW = new Date("2026-11-21T12:00:00.500Z");

test("a token is renewed a minute before its end", () => {
  expect(refreshDueAt(NOW, secondsAfter(NOW, 600), 60)).toEqual(secondsAfter(NOW, 540));
});

test("a token shortened by the absolute limit is renewed half-way: it is never due when issued", () => {
  expect(refreshDueAt(NOW, secondsAfter(NOW, 40), 60)).toEqual(secondsAfter(NOW, 20));
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 10_000 }), fc.integer({ min: 1, max: 10_000 }), (life, early) => {
      const due = refreshDueAt(NOW, secondsAfter(NOW, life), early);
      expect(due.getTime()).toBeGreaterThan(NOW.getTime());
      expect(due.getTime()).toBeLessThan(secondsAfter(NOW, life).getTime());
    }),
  );
});

test("a request times out after half the grace window, and after 12 seconds at most", () => {
  expect([1, 4, 24, 30, 600].map(requestTimeoutSeconds)).toEqual([0.5, 2, 12, 12, 12]);
});

test("seconds are counted to the millisecond, in both directions", () => {
  expect(secondsBetween(NOW, secondsAfter(NOW, 1.25))).toBe(1.25);
  expect(secondsBetween(secondsAfter(NOW, 3), NOW)).toBe(-3);
  expect(earlierOf(NOW, secondsAfter(NOW, -1))).toEqual(secondsAfter(NOW, -1));
  expect(earlierOf(NOW, secondsAfter(NOW, 1))).toBe(NOW);
});
