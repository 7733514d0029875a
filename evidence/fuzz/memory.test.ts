import fc from "fast-check";
import { expect, test } from "vitest";
import { analyzeMemory, slopeOf } from "./memory";

const line = (slope: number, count: number, noise: (at: number) => number = () => 0) =>
  Array.from({ length: count }, (_, at) => [at * 1000, slope * at * 1000 + noise(at)] as const);

test("slopeOf: estimates the slope of a straight line exactly", () => {
  expect(slopeOf(line(300, 12))).toEqual({ estimate: 300, lowerBound: 300 });
});

test("slopeOf: tolerates one outlier in four samples", () => {
  expect(slopeOf(line(0, 12, (at) => (at % 4 === 0 ? 5e6 : 0))).lowerBound).toBeLessThanOrEqual(0);
});

test("slopeOf: reports no rise for noise alone and finds a rise in noise", () => {
  fc.assert(
    fc.property(fc.infiniteStream(fc.double({ min: -1, max: 1, noNaN: true })), (draws) => {
      const noise = () => 200_000 * draws.next().value;
      expect(slopeOf(line(0, 14, noise)).lowerBound).toBeLessThan(100);
      expect(slopeOf(line(1000, 14, noise)).lowerBound).toBeGreaterThan(900);
    }),
    { seed: 1 },
  );
});

test("analyzeMemory: returns null for too few samples", () => {
  expect(analyzeMemory([{ requests: 0, heapUsed: 1, rss: 1 }])).toBeNull();
});
