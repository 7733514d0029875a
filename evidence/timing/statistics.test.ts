import { describe, expect, test } from "vitest";
import { mannWhitney, shiftBetween } from "./statistics";

/** Deterministic pseudorandom values. */
function noise(count: number, seed: number): number[] {
  let state = seed;
  return Array.from({ length: count }, () => {
    state = (state * 1_103_515_245 + 12_345) % 2 ** 31;
    return 10 + (3 * state) / 2 ** 31;
  });
}

describe("Mann-Whitney test", () => {
  test("equals the results of scipy", () => {
    // scipy.stats.mannwhitneyu(one, other, use_continuity=True, method="asymptotic")
    expect(mannWhitney([1.1, 2.2, 3.3, 4.4, 5.5], [2.1, 4.2, 6.3, 8.4, 10.5])).toBeCloseTo(0.2101, 3);
    expect(mannWhitney([1, 2, 3], [1, 2, 3])).toBeCloseTo(1, 6);
    expect(mannWhitney([1, 1, 1], [1, 1, 1])).toBe(1);
  });

  test("detects a shift of 0.5 in noise of 3, and none without a shift", () => {
    const [one, other] = [noise(240, 1), noise(240, 7)];
    expect(mannWhitney(one, other)).toBeGreaterThan(0.001);
    expect(
      mannWhitney(
        one,
        other.map((value) => value + 0.5),
      ),
    ).toBeLessThan(0.001);
  });

  test("is robust against outliers", () => {
    const [one, other] = [noise(240, 1), noise(240, 7)];
    expect(mannWhitney(one, [...other.slice(0, 235), 900, 900, 900, 900, 900])).toBeGreaterThan(0.001);
  });
});

test("shiftBetween: estimates shift and confidence interval", () => {
  const one = noise(240, 1);
  const { shift, low, high } = shiftBetween(
    one,
    noise(240, 7).map((value) => value - 1.5),
  );
  expect(shift).toBeCloseTo(-1.5, 0);
  expect(low).toBeLessThan(shift);
  expect(high).toBeGreaterThan(shift);
  expect(high).toBeLessThan(0);
});
