import { expect, test } from "vitest";
import { secondsAfter } from "./lifetimes";
import { isStepUpDue, type StepUpRule } from "./step-up";

const AUTHENTICATED_AT = new Date("2026-11-21T12:00:00Z");
const RULE: StepUpRule = { withinSeconds: 300, strength: "any" };

test.each([
  [0, false],
  [299, false],
  [300, false],
  [300.001, true],
  [301, true],
  [86_400, true],
  // The clock of the instance that issued the token may be ahead of this one.
  [-30, false],
])("a step-up within 300 s is due %d s after the authentication: %s", (seconds, isDue) => {
  expect(isStepUpDue(RULE, AUTHENTICATED_AT, secondsAfter(AUTHENTICATED_AT, seconds))).toBe(isDue);
});
