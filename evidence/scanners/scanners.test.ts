import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { RULES } from "./scanner-rules";
import { scannersReport } from "./report";

test("evidence/scanners/scanners.md says what the rules say: renew it with `npm run asvs -- --write`", () => {
  expect(readFileSync("evidence/scanners/scanners.md", "utf8")).toBe(scannersReport());
});

test("scanners: a rule that is not followed has a reason", () => {
  for (const { rule, expected, expectedOnHttp, reason } of RULES) {
    if (expected === "missing" || expectedOnHttp !== undefined) expect(reason?.length, rule).toBeGreaterThan(10);
  }
});
