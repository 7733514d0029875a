import { describe, expect, test, vi } from "vitest";
import { refreshWorkSeconds, requestLifeSeconds } from "@/server/auth/policy/lifetimes";
import { IMPLEMENTED_WRITES } from "./policy-checks";
import { interleavingModel, type InterleavingBounds } from "./interleaving-model";
import { IMPLEMENTED_POLICY } from "./policy";
import { explore } from "./search";

// Searches take their time on a busy machine.
vi.setConfig({ testTimeout: 120_000 });

const ATOMIC: InterleavingBounds = {
  window: 4,
  requestLatency: 2,
  work: 0,
  orphanDelay: 0,
  responseLatency: 2,
  sharesRefreshes: false,
  ...IMPLEMENTED_WRITES,
};

function isSafe(bounds: Partial<InterleavingBounds>): boolean {
  return explore(interleavingModel(IMPLEMENTED_POLICY, { ...ATOMIC, ...bounds })).violation === null;
}

test("any number of requests, however lost, delayed and reordered, log nobody out", () => {
  expect(isSafe({})).toBe(true);
});

describe.each([false, true])(
  "an honest browser is safe exactly when everything fits into the window (flights shared: %s)",
  (sharesRefreshes) => {
    const maxLatencies = [1, 2].flatMap((requestLatency) =>
      [0, 1].flatMap((work) => [1, 2, 3].map((responseLatency) => ({ requestLatency, work, responseLatency }))),
    );

    test.each(maxLatencies)("way $uplink, work $work, life $life", ({ requestLatency, work, responseLatency }) => {
      const needed = requestLatency + responseLatency + (sharesRefreshes ? 2 : 1) * work;
      expect(isSafe({ window: needed, requestLatency, work, responseLatency, sharesRefreshes })).toBe(true);
      expect(isSafe({ window: needed - 1, requestLatency, work, responseLatency, sharesRefreshes })).toBe(false);
    });
  },
);

test.each([2, 4, 10, 20, 24, 29, 30, 60, 300])(
  "a grace window of %i s leaves a sixth of it for the way and for clocks",
  (grace) => {
    const slack = grace - requestLifeSeconds(grace) - 2 * refreshWorkSeconds(grace);
    expect(slack).toBeGreaterThanOrEqual(grace / 6 - 1e-9);
  },
);

test("a write that nobody waits for any more does no harm", () => {
  const strayed = { window: 6, work: 1, sharesRefreshes: true };
  expect(isSafe({ ...strayed, orphanDelay: 3 })).toBe(true);
  expect(isSafe({ ...strayed, work: 2 })).toBe(false);
});
