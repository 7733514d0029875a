import { hashSync } from "@node-rs/argon2";
import { describe, expect, test } from "vitest";
import { hashPassword, needsRehash, passwordMatches } from "./password";
import { cpuMilliseconds } from "@/server/auth/testing";

const cost = (of: string | undefined) => cpuMilliseconds(() => passwordMatches(of, "wrong horse"));

/** Medians, measured alternately, so that other load affects all alike. */
async function costsOf(hashes: Record<string, string | undefined>): Promise<Record<string, number>> {
  const taken = Object.keys(hashes).map((name) => [name, [] as number[]] as const);
  for (let round = 0; round < 9; round++) {
    for (const [name, times] of taken) times.push(await cost(hashes[name]));
  }
  return Object.fromEntries(taken.map(([name, times]) => [name, times.sort((a, b) => a - b)[4]!]));
}

describe.each([
  ["cheaper", { memoryCost: 8192, timeCost: 1 }],
  ["more expensive", { memoryCost: 40_960, timeCost: 3 }],
])("an account with an outdated and %s hash", (_, parameters) => {
  test("cannot be told from others by processor time, once this process has verified such a hash", async () => {
    const older = hashSync("correct horse", { algorithm: 2, ...parameters });
    expect(needsRehash(older)).toBe(true);
    expect(await passwordMatches(older, "correct horse")).toBe(true);
    expect(await passwordMatches(older, "wrong horse")).toBe(false);

    const costs = await costsOf({ older, newer: await hashPassword("correct horse"), none: undefined });
    for (const name of ["older", "newer"]) {
      expect(costs[name]! / costs.none!, name).toBeGreaterThan(0.6);
      expect(costs[name]! / costs.none!, name).toBeLessThan(1.67);
    }
  });
});

test("the cost of an invalid hash is not added to other checks", async () => {
  const before = await costsOf({ none: undefined });
  expect(await passwordMatches(hashSync("x", { algorithm: 2, memoryCost: 8, timeCost: 11 }), "x")).toBe(false);
  expect(await passwordMatches(hashSync("x", { algorithm: 1, memoryCost: 100_000, timeCost: 3 }), "x")).toBe(false);
  const after = await costsOf({ none: undefined });
  expect(after.none! / before.none!).toBeLessThan(1.67);
});

test("hashes of more than four different costs still match their passwords", async () => {
  for (let timeCost = 1; timeCost <= 6; timeCost++) {
    const older = hashSync("correct horse", { algorithm: 2, memoryCost: 64, timeCost });
    expect(await passwordMatches(older, "correct horse")).toBe(true);
    expect(await passwordMatches(older, "wrong horse")).toBe(false);
  }
});
