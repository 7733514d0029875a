import { expect, test, vi } from "vitest";
import { IMPLEMENTED_POLICY, type Policy } from "./policy";
import { REJECTED_POLICIES } from "./rejected-policies";
import { searchStarvation, searchAttackerGame, STRATEGIES } from "./attacker-games";

// A search is slow on a loaded machine.
vi.setConfig({ testTimeout: 120_000 });

const BOUNDS = { window: 4, maxLatency: 2, inFlight: 1 };
const OUTSIDE_WINDOW = STRATEGIES["outside the victim's windows"];
const DIFFERENT_BROWSER = STRATEGIES["different browser, any timing"];
const SAME_BROWSER = STRATEGIES["same browser, any timing"];

function rejected(part: string): Policy {
  return REJECTED_POLICIES.find(({ name }) => name.includes(part))!;
}

test("attacker game: outside the victim's windows, the attacker survives at most one refresh of the victim", () => {
  expect(searchAttackerGame(IMPLEMENTED_POLICY, OUTSIDE_WINDOW, BOUNDS).outcome).toEqual({ kind: "finite", rounds: 1 });
});

test("attacker game: a different browser receives one more access token inside the window, whatever the timing", () => {
  expect(searchAttackerGame(IMPLEMENTED_POLICY, DIFFERENT_BROWSER, BOUNDS).outcome).toEqual({
    kind: "finite",
    rounds: 2,
  });
});

test("attacker game: the same browser inside every window is not detected (known limitation)", () => {
  expect(searchAttackerGame(IMPLEMENTED_POLICY, SAME_BROWSER, BOUNDS).outcome.kind).toBe("infinite");
});

test("starvation: a session in use rotates in every play", () => {
  expect(searchStarvation(IMPLEMENTED_POLICY, BOUNDS).outcome.kind).toBe("finite");
});

test.each([
  ["the previous token is always accepted", OUTSIDE_WINDOW],
  ["the one before the previous", OUTSIDE_WINDOW],
  ["any browser may present the previous token", DIFFERENT_BROWSER],
])("attacker game: the rejected variant has an infinite play: %s", (name, strategy) => {
  expect(searchAttackerGame(rejected(name), strategy, BOUNDS).outcome.kind).toBe("infinite");
});

test.each(["no cap of ten windows", "the previous token is always accepted"])(
  "starvation: the rejected variant can keep a session from rotating: %s",
  (name) => {
    expect(searchStarvation(rejected(name), BOUNDS).outcome.kind).toBe("infinite");
  },
);
