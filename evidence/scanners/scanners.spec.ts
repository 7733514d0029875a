import { expect, test } from "@/e2e/kit";
import { ADVICE } from "./csp-advice";
import { expectRulesHold, findingsIn, observatoryScore, scan } from "./scan";

test("outside scanners say of this machine what the table says", async ({ calls }) => {
  const scanned = await scan(calls.request, calls.origin, calls.origin);
  expectRulesHold(scanned);
  // Without TLS two rules are not met, which the scanner would take 20 and 40 points off for.
  expect(observatoryScore(scanned)).toBe(130);
});

test("Google's CSP Evaluator finds no weakness in the policy of a page or of a call", async ({ calls }) => {
  const { page, call } = await scan(calls.request, calls.origin, calls.origin);
  expect(findingsIn(page["content-security-policy"] ?? "")).toEqual({
    weaknesses: [],
    advice: Object.keys(ADVICE).sort(),
  });
  expect(findingsIn(call["content-security-policy"] ?? "")).toEqual({
    weaknesses: [],
    advice: ["REQUIRE_TRUSTED_TYPES_FOR_SCRIPTS"],
  });
  // It is awake: this is what it says of a policy that is not strict.
  expect(findingsIn("script-src 'self' https: 'unsafe-inline'").weaknesses).toContain("SCRIPT_UNSAFE_INLINE");
});
