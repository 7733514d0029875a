import { expect, type APIRequestContext } from "@playwright/test";
import { CspEvaluator, DEFAULT_CHECKS, STRICTCSP_CHECKS } from "csp_evaluator/dist/evaluator.js";
import { Severity, Type } from "csp_evaluator/dist/finding.js";
import { CspParser } from "csp_evaluator/dist/parser.js";
import { generateAccount } from "@/e2e/kit/accounts";
import { readSetCookie } from "@/e2e/kit/cookies";
import type { Scanned } from "./scanner-rule";
import { RULES } from "./scanner-rules";

/** Requests what a scanner examines: a page with scripts, a call, and a login with its cookies. */
export async function scan(request: APIRequestContext, url: string, appOrigin: string): Promise<Scanned> {
  const page = await request.get(`${url}/login`);
  const call = await request.get(`${url}/api/trpc/auth.session`);
  const registered = await request.post(`${url}/api/trpc/auth.register`, {
    headers: { origin: appOrigin },
    data: generateAccount(),
  });
  expect(registered.status()).toBe(200);
  const setCookies = registered
    .headersArray()
    .filter(({ name }) => name.toLowerCase() === "set-cookie")
    .map(({ value }) => readSetCookie(value));
  return {
    isHttps: appOrigin.startsWith("https:"),
    page: page.headers(),
    html: await page.text(),
    call: call.headers(),
    setCookies,
  };
}

/** Fails on the first rule with an unexpected result. */
export function expectRulesHold(scanned: Scanned): void {
  for (const { source, rule, evaluate, expected, expectedOnHttp } of RULES) {
    expect(evaluate(scanned), `${source}: ${rule}`).toBe(scanned.isHttps ? expected : (expectedOnHttp ?? expected));
  }
}

/** HTTP Observatory's score: 100, minus penalties; extra credit counts from 90 points on. */
export function observatoryScore(scanned: Scanned): number {
  const points = RULES.filter(({ evaluate, expected }) => evaluate(scanned) === expected).map(
    (rule) => rule.points ?? 0,
  );
  return points.reduce((sum, more) => sum + more, 100);
}

/** Findings of Google's CSP Evaluator in a policy: weaknesses, and advice. */
export function findingsIn(policy: string): { weaknesses: string[]; advice: string[] } {
  const evaluator = new CspEvaluator(new CspParser(policy).csp);
  const findings = evaluator.evaluate(STRICTCSP_CHECKS, DEFAULT_CHECKS);
  const isAdvice = ({ severity }: { severity: Severity }) => [Severity.STRICT_CSP, Severity.INFO].includes(severity);
  const name = ({ type }: { type: Type }) => Type[type];
  return {
    weaknesses: findings.filter((finding) => !isAdvice(finding)).map(name),
    advice: findings.filter(isAdvice).map(name).sort(),
  };
}
