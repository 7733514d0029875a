import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { DEFAULT_BOUNDS, checkImplementedPolicy } from "./policy-checks";
import { replaceBetween } from "./markdown";
import { findCounterexamples } from "./counterexamples";
import { report } from "./report";

const MINUTES = 60_000;

const results = checkImplementedPolicy(DEFAULT_BOUNDS);
const variants = findCounterexamples();

test.each(results.filter(({ search }) => !search.startsWith("what remains")))(
  "no history breaks the contract: $search",
  ({ counterexample, states }) => {
    expect(counterexample).toBe("none");
    expect(states).toBeGreaterThan(500);
  },
);

test("what remains: a thief of the same kind inside every window, and two user agents after a rotation whose replies are all lost", () => {
  expect(results.filter(({ counterexample }) => counterexample !== "none")).toEqual([
    expect.objectContaining({
      search: expect.stringContaining("a thief of the same kind"),
      counterexample: "for ever",
    }),
    expect.objectContaining({
      search: expect.stringContaining("two user agents, every reply"),
      counterexample: "invariant 1 is broken",
    }),
  ]);
});

test.each([
  [1, "strict: only the current token, and it rotates every time"],
  [2, "a grace window that makes another child, both good"],
  [1, "a grace window that makes another child, the first one dead"],
  [1, "the same child, but rotating again inside the window"],
  [3, "always accept the previous token"],
  [1, "the refresh cookie sent on fresh"],
  [1, "the window measured from rotated_at alone"],
  [1, "no recover: late is replayed"],
  [2, "recover leaves the lost successor alive"],
  [1, "past the cap recover at once, instead of letting it settle"],
  ["no rotation", "no cap of ten windows"],
  [3, "any browser may present the previous token"],
  [1, "the previous token from another browser is replayed at any time"],
  [1, "another browser has a window that is measured from rotated_at"],
  [3, "another browser recovers, too, after the window"],
  ["old token", "another browser gets access tokens for as long as the token is the previous one"],
  [3, "replayed refuses and lets the session live"],
  [4, "a revoked session is not looked for"],
  [3, "one more nonce: the one before the previous"],
  [2, "one more nonce: the successor that was replaced"],
  [1, "replies slower than half the window"],
  [2, "the UPDATE is conditional on nothing"],
  [1, "whoever loses the race is refused"],
  [4, "the UPDATE does not look at revoked_at"],
  [1, "the UPDATE compares the nonces and not handed_at"],
  [1, "the work of a refresh takes longer than the window leaves room for"],
  [1, "a shared flight takes longer than the window leaves room for"],
  [5, "the verdict does not look at the idle limit"],
  [null, "the verdict does not look at the absolute limit, which the idle one keeps to"],
  [5, "the idle limit may lie behind the absolute one"],
  [1, "a rotation does not move the row's idle limit"],
  [1, "a rotation does not move the cookie's end"],
])("breaks invariant %s: %s", (invariant, name) => {
  expect(variants.find((variant) => variant.name === name)?.violates).toBe(invariant);
});

test("one rule alone is there twice, and every rule has a line above", () => {
  expect(variants.filter(({ violates }) => violates === null)).toHaveLength(1);
  expect(variants).toHaveLength(32);
});

test(
  "ARCHITECTURE.md shows what the explorer finds: renew it with `npm run explore -- --write`",
  { timeout: 5 * MINUTES },
  () => {
    const text = readFileSync("ARCHITECTURE.md", "utf8");
    const found = report(results, variants, DEFAULT_BOUNDS);
    expect(replaceBetween(text, "<!-- explorer:begin -->", "<!-- explorer:end -->", found)).toBe(text);
  },
);
