import { expect, test } from "vitest";
import { atLeast, atMost } from "./thresholds";
import { count, measurement, kilobytes, milliseconds } from "./measurements";
import { markdownTable, table } from "./table";

const FINDINGS = [
  measurement("A call", { median: 0.98, min: 0.9, max: 1.013 }, { threshold: atLeast(0.95, 0.8) }),
  measurement("Statements", 3, { format: count, threshold: atMost(2) }),
  measurement("Script", 15_340, { format: kilobytes, note: "of 120 kB" }),
];

test("bench table: contains name, figure, threshold and verdict", () => {
  expect(table(FINDINGS).split("\n")).toEqual([
    "  Measurement  Figure                     Threshold",
    "  A call       0.98 × (0.90 × to 1.01 ×)  ≥ 0.95 ×   held",
    "  Statements   3                          ≤ 2        FAR OFF",
    "  Script       15.3 kB, of 120 kB",
  ]);
});

test("bench table: is available as Markdown", () => {
  expect(markdownTable(FINDINGS).split("\n")).toContain("| Statements | 3 | ≤ 2 | far off |");
});

test("measurement: the verdict uses the median", () => {
  expect(measurement("", { median: 0.9, min: 0.5, max: 1.5 }, { threshold: atLeast(0.95, 0.8) }).verdict).toBe(
    "missed",
  );
});

test("measurement: small durations have two decimals, large ones none", () => {
  expect([0.123, 9.876, 12.6].map(milliseconds)).toEqual(["0.12 ms", "9.88 ms", "13 ms"]);
});
