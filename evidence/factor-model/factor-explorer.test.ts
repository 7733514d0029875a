import { readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { replaceBetween } from "@/evidence/rotation-model/markdown";
import { checkImplementedRules, findCounterexamples, REJECTED_POLICIES, report } from "./report";

const results = checkImplementedRules();
const variants = findCounterexamples();

test.each(results)("factor model: no counterexample to the implemented rules: $name", ({ counterexample, states }) => {
  expect(counterexample).toBeNull();
  expect(states).toBeGreaterThan(500);
});

describe("factor model: a rule is left out", () => {
  test.each([
    [1, "a removal is never refused"],
    [4, "a removal may leave any way"],
    [4, "a removal may leave the mailbox where no second factor is left"],
    [2, "a factor is removed only by using it"],
    [1, "the last recovery code makes no new set"],
    [3, "a reset removes the second factor"],
    [6, "recovery codes stay, and are asked for, without another factor"],
    [5, "an address that was never confirmed is listed as a way"],
    [7, "a passkey of the former domain does not count as a second factor"],
    [1, "a passkey of the former domain counts as a way that is left"],
    [5, "a passkey is listed only as the second step"],
  ])("violates property %s: %s", (property, name) => {
    expect(variants.find((one) => one.name === name)?.counterexample?.property).toBe(property);
  });

  test("factor model: every rule that is left out is listed above", () => {
    expect(variants).toHaveLength(11);
    expect(variants.map(({ name }) => name)).toEqual(REJECTED_POLICIES.map(({ name }) => name));
  });
});

test("factor model: tables.md contains the current results", () => {
  const committed = readFileSync("evidence/factor-model/tables.md", "utf8");
  const found = report(results, variants);
  expect(committed).toBe(replaceBetween(committed, "<!-- explorer:begin -->", "<!-- explorer:end -->", found));
});
