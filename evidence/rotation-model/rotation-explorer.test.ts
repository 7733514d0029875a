import { readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { DEFAULT_BOUNDS, checkImplementedPolicy } from "./policy-checks";
import { checkLosses, findRemainingLossRisks } from "./loss-checks";
import { replaceBetween } from "./markdown";
import { findCounterexamples } from "./counterexamples";
import { report } from "./report";

const MINUTES = 60_000;

const results = checkImplementedPolicy(DEFAULT_BOUNDS);
const losses = { properties: checkLosses(DEFAULT_BOUNDS.losses), risks: findRemainingLossRisks() };
const variants = findCounterexamples();

test.each([...results.filter(({ search }) => !search.startsWith("known limitation")), ...losses.properties])(
  "rotation model: no counterexample to the implemented policy: $search",
  ({ counterexample, states }) => {
    expect(counterexample).toBe("none");
    expect(states).toBeGreaterThan(500);
  },
);

test("rotation model: the only counterexamples are the two known limitations", () => {
  expect(results.filter(({ counterexample }) => counterexample !== "none")).toEqual([
    expect.objectContaining({
      search: expect.stringContaining("attacker with the same browser"),
      counterexample: "infinite play",
    }),
    expect.objectContaining({
      search: expect.stringContaining("two user agents, every response"),
      counterexample: "violates invariant 1",
    }),
  ]);
});

test("rotation model: what remains possible after a loss of commits is known", () => {
  expect(losses.risks.map(({ counterexample, search }) => [counterexample, search.split(";")[0]])).toEqual([
    ["violates invariant 3", expect.stringContaining("a thief with the same browser is noticed one refresh later")],
    ["violates invariant 4", expect.stringContaining("an instance that never learned of a revocation")],
    ["violates invariant 4", expect.stringContaining("after the restore of a backup")],
    ["violates invariant 1", expect.stringContaining("a reissue is among the lost commits")],
    ["violates invariant 1", expect.stringContaining("two losses within one window")],
    ["violates invariant 1", expect.stringContaining("two user agents")],
  ]);
});

describe("rotation model: a rejected variant", () => {
  test.each([
    [1, "strict rotation: only the current token is accepted, and every refresh rotates"],
    [2, "a grace window that issues a second successor, both valid"],
    [1, "a grace window that issues a second successor and invalidates the first"],
    [1, "the same successor is reissued, but the current token rotates inside the window"],
    [3, "the previous token is always accepted"],
    [1, "fresh sends the refresh cookie again"],
    [1, "the window is measured from rotated_at only"],
    [1, "no recover: a previous token after the window is replayed"],
    [2, "recover leaves the replaced successor valid"],
    [1, "after the cap, recover immediately instead of fresh until the window ends"],
    ["never rotates", "no cap of ten windows"],
    [3, "any browser may present the previous token"],
    [1, "the previous token from a different browser is always replayed"],
    [1, "the window for a different browser is measured from rotated_at"],
    [3, "a different browser may recover after the window"],
    ["replaced token accepted", "a different browser receives access tokens as long as its token is the previous one"],
    [3, "replayed refuses the request and does not end the session"],
    [4, "revocation is not checked"],
    [3, "one more nonce is accepted: the one before the previous"],
    [2, "one more nonce is accepted: the replaced successor"],
    [1, "responses slower than half the window"],
    [2, "the UPDATE has no condition"],
    [1, "the request that loses the race is refused"],
    [4, "the UPDATE does not compare revoked_at"],
    [1, "the UPDATE compares the nonces but not handed_at"],
    [1, "the work of a refresh takes longer than the window allows"],
    [1, "a shared refresh takes longer than the window allows"],
    [5, "the verdict does not check the idle limit"],
    [null, "the verdict does not check the absolute limit, which caps the idle limit"],
    [5, "the idle limit may exceed the absolute limit"],
    [1, "a rotation does not extend the row's idle limit"],
    [1, "a rotation does not extend the cookie's expiry"],
    [1, "a token of a generation that the row has not reached is replayed"],
    [1, "successors are random"],
    [2, "a rotation and a recovery of the same row make different successors"],
    [1, "a token does not name its predecessor"],
    [1, "the row moves forward within its window too"],
    [1, "moving forward starts no window"],
    [2, "the UPDATE that moves the row forward has no condition"],
    [2, "the row moves to the state of any token, of an older generation too"],
    [3, "any browser may move the row forward"],
    [4, "a token ahead of an ended session moves it forward"],
    [6, "a refresh does not ask the instance's memory of revocations"],
    [1, "the UPDATE of replayed has no condition"],
    [1, "an instance that has noticed a loss lets windows end as before"],
  ])("violates invariant %s: %s", (invariant, name) => {
    expect(variants.find((variant) => variant.name === name)?.violates).toBe(invariant);
  });
});

test("rotation model: every rejected variant is listed, and only one is redundant with another rule", () => {
  expect(variants.filter(({ violates }) => violates === null)).toHaveLength(1);
  expect(variants).toHaveLength(45);
});

test(
  "rotation model: tables.md is current (renew it with `npm run explore -- --write`)",
  { timeout: 5 * MINUTES },
  () => {
    const text = readFileSync("evidence/rotation-model/tables.md", "utf8");
    const found = report(results, losses, variants, DEFAULT_BOUNDS);
    expect(replaceBetween(text, "<!-- explorer:begin -->", "<!-- explorer:end -->", found)).toBe(text);
  },
);
