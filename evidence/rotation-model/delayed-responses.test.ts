import { expect, test, vi } from "vitest";
import { countHarm, ORDERS, survives } from "./delayed-responses";
import { CONTRACT, type Policy } from "./policy";

// Searches take their time on a busy machine.
vi.setConfig({ testTimeout: 120_000 });

const ONE_MORE: Policy = { name: "one more", remembers: "the one before the previous" };

test("an answer that wakes up late is harmless unless it was replaced or two rotations have passed", () => {
  const harmless = ORDERS.filter(({ meanwhile }) => survives(CONTRACT, meanwhile, 4)).map(({ name }) => name);
  expect(harmless).toEqual(["one rotation"]);
});

test("remembering one more nonce saves one order more, and hardly any state", () => {
  const saved = ORDERS.filter(({ meanwhile }) => survives(ONE_MORE, meanwhile, 4)).map(({ name }) => name);
  expect(saved).toEqual(["one rotation", "two rotations"]);
  const [now, then] = [CONTRACT, ONE_MORE]
    .map((policy) => countHarm(policy, 4, 2, 2))
    .map((harm) => harm.harmful / harm.asleep);
  expect(now! - then!).toBeLessThan(0.05);
});
