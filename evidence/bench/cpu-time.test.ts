import { expect, test } from "vitest";
import { cpuMicrosecondsOf } from "./cpu-time";

test.runIf(process.platform === "linux")("what a process has used so far is what it says itself", () => {
  const until = performance.now() + 60;
  while (performance.now() < until);
  const { user, system } = process.cpuUsage();
  const told = cpuMicrosecondsOf(process.pid)!;
  expect(Math.abs(told - user - system)).toBeLessThan(50_000);
  expect(told).toBeGreaterThan(50_000);
});

test("of a server elsewhere nothing is known", () => {
  expect(cpuMicrosecondsOf(0)).toBeNull();
});
