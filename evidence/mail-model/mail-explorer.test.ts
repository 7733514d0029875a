import { readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { replaceBetween } from "@/evidence/rotation-model/markdown";
import { REJECTED_POLICIES } from "./rejected-policies";
import { checkImplementedRules, findCounterexamples, findLimits, report } from "./report";

const results = checkImplementedRules();
const limits = findLimits();
const variants = findCounterexamples();

test.each(results)("mail model: no counterexample to the implemented rules: $name", ({ counterexample, states }) => {
  expect(counterexample).toBeNull();
  expect(states).toBeGreaterThan(5);
});

test("mail model: what the rules do not prevent is known", () => {
  expect(limits.map(({ name, counterexample }) => [counterexample?.property, name])).toEqual([
    [3, expect.stringContaining("without a second factor")],
    [2, expect.stringContaining("cannot undo a deletion")],
  ]);
});

describe("mail model: a rule is left out", () => {
  test.each([
    [1, "pressing the button is enough, in any browser"],
    [1, "a reset link needs no typed password"],
    [1, "describing a link consumes it"],
    [2, "a code is accepted only with its link"],
    [2, "only the browser that asked may confirm"],
    [6, "a second request ends the first link"],
    [4, "a second request extends the first link"],
    [4, "a used link works again"],
    [4, "the UPDATE does not ask whether the link was used"],
    [null, "the verdict does not ask whether the link was used; the UPDATE does"],
    [5, "a superseded link works"],
    [5, "the UPDATE does not ask whether the link was superseded"],
    [4, "an expired link works"],
    [4, "the UPDATE does not ask whether the link has expired"],
    [7, "wrong codes are not counted"],
    [6, "after five wrong codes the link is refused too"],
    [3, "a link signs in"],
    [3, "a reset removes the second factor"],
    [5, "a reset leaves the sessions"],
    [5, "a reset leaves a requested change of address"],
    [5, "a changed password leaves the open reset link"],
    [5, "ending links leaves their mails that were not sent"],
    [2, "a changed password ends the links against theft"],
    [2, "the old address gets no link that restores it"],
    [5, "a restored address leaves the links of later changes"],
  ])("violates property %s: %s", (property, name) => {
    const variant = variants.find((one) => one.name === name);
    expect(variant).toBeDefined();
    expect(variant!.counterexample?.property ?? null).toBe(property);
  });

  test("mail model: every rule that is left out is listed above", () => {
    expect(variants).toHaveLength(25);
    expect(variants.map(({ name }) => name)).toEqual(REJECTED_POLICIES.map(({ name }) => name));
  });
});

test("mail model: tables.md contains the current results", () => {
  const committed = readFileSync("evidence/mail-model/tables.md", "utf8");
  const found = report(results, limits, variants);
  expect(committed).toBe(replaceBetween(committed, "<!-- explorer:begin -->", "<!-- explorer:end -->", found));
});
