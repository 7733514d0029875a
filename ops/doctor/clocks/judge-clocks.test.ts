import { expect, test } from "vitest";
import { idsOf } from "@/ops/doctor/testing";
import { judgeClocks, offsetOf, offsetOfDateHeader } from "./judge-clocks";

test("clock offset: the error is half of the shortest round trip", () => {
  const slow = { before: 0, remote: 900, after: 1000 };
  const quick = { before: 2000, remote: 2109, after: 2010 };
  expect(offsetOf([slow, quick])).toEqual({ milliseconds: 104, bound: 6 });
  expect(offsetOf([])).toBeNull();
});

test("clock offset: a Date header has an error of 1.5 s", () => {
  const { milliseconds, bound } = offsetOfDateHeader({ before: 10_900, remote: 10_000, after: 10_998 });
  expect(Math.abs(milliseconds)).toBeLessThan(bound);
});

test.each([
  [0, 1, []],
  [900, 1, []],
  [-1100, 1, ["! clock-database"]],
  [1100, 200, []],
  [4100, 1, ["✗ clock-database"]],
  [-4100, 1, ["✗ clock-database"]],
  [4100, 3500, []],
  [3_600_000, 1, ["✗ clock-database"]],
])("clock offset of %i ms ± %i with a tolerance of 8 s: %j", (milliseconds, bound, ids) => {
  expect(idsOf(judgeClocks({ database: { milliseconds, bound }, deployment: null, graceSeconds: 30 }))).toEqual(ids);
});

test("clock offset: a shorter grace window reduces the tolerance", () => {
  const database = { milliseconds: 1500, bound: 1 };
  expect(idsOf(judgeClocks({ database, deployment: null, graceSeconds: 30 }))).toEqual(["! clock-database"]);
  expect(idsOf(judgeClocks({ database, deployment: null, graceSeconds: 6 }))).toEqual(["✗ clock-database"]);
});

test("clock offset: the deployment's clock is checked like the database's", () => {
  const deployment = { milliseconds: -60_000, bound: 2000 };
  expect(idsOf(judgeClocks({ database: null, deployment, graceSeconds: 30 }))).toEqual(["✗ clock-deployment"]);
});

test("clock offset: skipped without another clock", () => {
  expect(judgeClocks({ database: null, deployment: null, graceSeconds: 30 }).skipped).toBeDefined();
});
