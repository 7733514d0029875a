import { expect, test } from "@/e2e/kit";
import { ADVICE } from "./csp-advice";
import { expectRulesHold, findingsIn, observatoryScore, scan } from "./scan";

test("scanners: the results on loopback match the table", async ({ calls }) => {
  const scanned = await scan(calls.request, calls.origin, calls.origin);
  expectRulesHold(scanned);
  // Without TLS two rules fail, for which the scanner would subtract 20 and 40 points.
  expect(observatoryScore(scanned)).toBe(130);
});

test("scanners: CSP Evaluator finds no weakness in the policies of a page and a call", async ({ calls }) => {
  const { page, call } = await scan(calls.request, calls.origin, calls.origin);
  expect(findingsIn(page["content-security-policy"] ?? "")).toEqual({
    weaknesses: [],
    advice: Object.keys(ADVICE).sort(),
  });
  expect(findingsIn(call["content-security-policy"] ?? "")).toEqual({
    weaknesses: [],
    advice: ["REQUIRE_TRUSTED_TYPES_FOR_SCRIPTS"],
  });
  // Control: it finds a weakness in a policy that is not strict.
  expect(findingsIn("script-src 'self' https: 'unsafe-inline'").weaknesses).toContain("SCRIPT_UNSAFE_INLINE");
});
