import { expect, test, vi } from "vitest";
import { IMPLEMENTED_POLICY, type Policy } from "./policy";
import { REJECTED_POLICIES } from "./rejected-policies";
import { searchStarvation, searchAttackerGame, STRATEGIES } from "./attacker-games";

// Searches take their time on a busy machine.
vi.setConfig({ testTimeout: 120_000 });

const BOUNDS = { window: 4, maxLatency: 2, inFlight: 1 };
const CLEAR = STRATEGIES["keeps clear of the victim's refreshes"];
const ANOTHER = STRATEGIES["another kind of browser, any timing"];
const INSIDE = STRATEGIES["the same kind of browser, any timing"];

function rejected(part: string): Policy {
  return REJECTED_POLICIES.find(({ name }) => name.includes(part))!;
}

test("a thief who keeps clear of the victim outlives one refresh of the victim's at most", () => {
  expect(searchAttackerGame(IMPLEMENTED_POLICY, CLEAR, BOUNDS).outcome).toEqual({ kind: "finite", rounds: 1 });
});

test("a thief with another kind of browser gets one more access token inside the window, whatever the timing", () => {
  expect(searchAttackerGame(IMPLEMENTED_POLICY, ANOTHER, BOUNDS).outcome).toEqual({ kind: "finite", rounds: 2 });
});

test("a thief of the same kind who hits every window stays: that is what remains", () => {
  expect(searchAttackerGame(IMPLEMENTED_POLICY, INSIDE, BOUNDS).outcome.kind).toBe("infinite");
});

test("nobody can keep a session in use from rotating", () => {
  expect(searchStarvation(IMPLEMENTED_POLICY, BOUNDS).outcome.kind).toBe("finite");
});

test.each([
  ["always accept the previous token", CLEAR],
  ["the one before the previous", CLEAR],
  ["any browser may present the previous token", ANOTHER],
])("a thief stays for ever: %s", (name, strategy) => {
  expect(searchAttackerGame(rejected(name), strategy, BOUNDS).outcome.kind).toBe("infinite");
});

test.each(["no cap of ten windows", "always accept the previous token"])(
  "a session never rotates again: %s",
  (name) => {
    expect(searchStarvation(rejected(name), BOUNDS).outcome.kind).toBe("infinite");
  },
);
