import { describe, expect, test, vi } from "vitest";
import { refreshWorkSeconds, requestLifeSeconds } from "@/server/auth/policy/lifetimes";
import { REAL_WRITES } from "./policy-checks";
import { crowdModel, type CrowdBounds } from "./interleaving-model";
import { CONTRACT } from "./policy";
import { explore } from "./search";

// Searches take their time on a busy machine.
vi.setConfig({ testTimeout: 120_000 });

const ATOMIC: CrowdBounds = {
  window: 4,
  uplink: 2,
  work: 0,
  strays: 0,
  life: 2,
  sharesFlights: false,
  ...REAL_WRITES,
};

function isSafe(bounds: Partial<CrowdBounds>): boolean {
  return explore(crowdModel(CONTRACT, { ...ATOMIC, ...bounds })).broken === null;
}

test("any number of requests, however lost, delayed and reordered, log nobody out", () => {
  expect(isSafe({})).toBe(true);
});

describe.each([false, true])(
  "an honest browser is safe exactly when everything fits into the window (flights shared: %s)",
  (sharesFlights) => {
    const legs = [1, 2].flatMap((uplink) =>
      [0, 1].flatMap((work) => [1, 2, 3].map((life) => ({ uplink, work, life }))),
    );

    test.each(legs)("way $uplink, work $work, life $life", ({ uplink, work, life }) => {
      const needed = uplink + life + (sharesFlights ? 2 : 1) * work;
      expect(isSafe({ window: needed, uplink, work, life, sharesFlights })).toBe(true);
      expect(isSafe({ window: needed - 1, uplink, work, life, sharesFlights })).toBe(false);
    });
  },
);

test.each([2, 4, 10, 20, 24, 29, 30, 60, 300])(
  "a grace window of %i s leaves a sixth of it for the way and for clocks",
  (grace) => {
    const room = grace - requestLifeSeconds(grace) - 2 * refreshWorkSeconds(grace);
    expect(room).toBeGreaterThanOrEqual(grace / 6 - 1e-9);
  },
);

test("a write that nobody waits for any more does no harm", () => {
  const strayed = { window: 6, work: 1, sharesFlights: true };
  expect(isSafe({ ...strayed, strays: 3 })).toBe(true);
  expect(isSafe({ ...strayed, work: 2 })).toBe(false);
});
