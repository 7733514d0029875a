import { describe, expect, test, vi } from "vitest";
import { refreshTimeoutSeconds, requestTimeoutSeconds } from "@/server/auth/policy/lifetimes";
import { IMPLEMENTED_WRITES } from "./policy-checks";
import { interleavingModel, type InterleavingBounds } from "./interleaving-model";
import { IMPLEMENTED_POLICY } from "./policy";
import { explore } from "./search";

// A search is slow on a loaded machine.
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

test("interleaving model: no loss, delay or reordering of any number of requests logs an honest browser out", () => {
  expect(isSafe({})).toBe(true);
});

describe.each([false, true])(
  "interleaving model: an honest browser is safe exactly when all durations fit into the window (shared refreshes: %s)",
  (sharesRefreshes) => {
    const durations = [1, 2].flatMap((requestLatency) =>
      [0, 1].flatMap((work) => [1, 2, 3].map((responseLatency) => ({ requestLatency, work, responseLatency }))),
    );

    test.each(durations)(
      "request latency $requestLatency, work $work, response latency $responseLatency",
      ({ requestLatency, work, responseLatency }) => {
        const needed = requestLatency + responseLatency + (sharesRefreshes ? 2 : 1) * work;
        expect(isSafe({ window: needed, requestLatency, work, responseLatency, sharesRefreshes })).toBe(true);
        expect(isSafe({ window: needed - 1, requestLatency, work, responseLatency, sharesRefreshes })).toBe(false);
      },
    );
  },
);

test.each([2, 4, 10, 20, 24, 29, 30, 60, 300])(
  "lifetimes: a grace window of %i s leaves a sixth of it for latency and clock differences",
  (grace) => {
    const slack = grace - requestTimeoutSeconds(grace) - 2 * refreshTimeoutSeconds(grace);
    expect(slack).toBeGreaterThanOrEqual(grace / 6 - 1e-9);
  },
);

test("interleaving model: a write after its request was abandoned is harmless", () => {
  const abandoned = { window: 6, work: 1, sharesRefreshes: true };
  expect(isSafe({ ...abandoned, orphanDelay: 3 })).toBe(true);
  expect(isSafe({ ...abandoned, work: 2 })).toBe(false);
});
