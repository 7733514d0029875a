import { expect, test, vi } from "vitest";
import { countLogouts, SCENARIOS, staysSignedIn } from "./delayed-responses";
import { IMPLEMENTED_POLICY, type Policy } from "./policy";

// A search is slow on a loaded machine.
vi.setConfig({ testTimeout: 120_000 });

const ONE_MORE: Policy = { name: "one more", remembers: "the one before the previous" };

test("delayed response: harmless unless its token was replaced or two rotations have passed", () => {
  const harmless = SCENARIOS.filter(({ meanwhile }) => staysSignedIn(IMPLEMENTED_POLICY, meanwhile, 4)).map(
    ({ name }) => name,
  );
  expect(harmless).toEqual(["one rotation"]);
});

test("delayed response: one more accepted nonce saves one scenario and less than 5 % of the states", () => {
  const saved = SCENARIOS.filter(({ meanwhile }) => staysSignedIn(ONE_MORE, meanwhile, 4)).map(({ name }) => name);
  expect(saved).toEqual(["one rotation", "two rotations"]);
  const [now, then] = [IMPLEMENTED_POLICY, ONE_MORE]
    .map((policy) => countLogouts(policy, 4, 2, 2))
    .map((harm) => harm.loggedOut / harm.delayed);
  expect(now! - then!).toBeLessThan(0.05);
});
