import { expect, test } from "vitest";
import { cpuMicrosecondsOf } from "./cpu-time";

test.runIf(process.platform === "linux")("cpu time: equals process.cpuUsage()", () => {
  const until = performance.now() + 60;
  while (performance.now() < until);
  const { user, system } = process.cpuUsage();
  const measured = cpuMicrosecondsOf(process.pid)!;
  expect(Math.abs(measured - user - system)).toBeLessThan(50_000);
  expect(measured).toBeGreaterThan(50_000);
});

test("cpu time: null for a remote server", () => {
  expect(cpuMicrosecondsOf(0)).toBeNull();
});
