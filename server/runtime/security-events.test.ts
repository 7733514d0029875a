import { expect, test } from "vitest";
import { log } from "./log";
import { securityCounts, securityEvent } from "./security-events";

log.level = "silent";

test("security events: each event has its own counter", () => {
  const before = securityCounts();
  securityEvent("session-replayed", { sessionId: "one" });
  securityEvent("session-replayed", { sessionId: "two" });
  securityEvent("logged-in", {});
  const after = securityCounts();
  expect(after["session-replayed"] - before["session-replayed"]).toBe(2);
  expect(after["logged-in"] - before["logged-in"]).toBe(1);
  expect(after["token-rotated"] - before["token-rotated"]).toBe(0);
});

test("security events: securityCounts() returns a copy", () => {
  const counts = securityCounts() as Record<string, number>;
  counts["logged-in"] = 1000;
  expect(securityCounts()["logged-in"]).toBeLessThan(1000);
});
