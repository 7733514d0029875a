import { sourcesOf, type Rule, type Scanned } from "./scanner-rule";

/** https://github.com/mdn/mdn-http-observatory, src/analyzer/tests and src/grader/charts.js: rules with points. */
export const OBSERVATORY: Rule[] = [
  {
    source: "HTTP Observatory",
    rule: "Content Security Policy",
    evaluate: ({ page }) => evaluatePolicy(page["content-security-policy"]),
    expected: "csp-implemented-with-no-unsafe-default-src-none",
    points: 10,
  },
  {
    source: "HTTP Observatory",
    rule: "Cookies",
    evaluate: ({ setCookies }) => evaluateCookies(setCookies),
    expected: "cookies-secure-with-httponly-sessions-and-samesite",
    expectedOnHttp: "cookies-session-without-secure-flag",
    points: 5,
    reason: "Secure requires https; on loopback a browser may refuse a Secure cookie over http.",
  },
  {
    source: "HTTP Observatory",
    rule: "Cross-Origin Resource Sharing",
    evaluate: ({ page, call }) =>
      page["access-control-allow-origin"] ??
      call["access-control-allow-origin"] ??
      "cross-origin-resource-sharing-not-implemented",
    expected: "cross-origin-resource-sharing-not-implemented",
    points: 0,
  },
  {
    source: "HTTP Observatory",
    rule: "Cross-Origin Resource Policy",
    evaluate: ({ page }) => `corp-implemented-with-${page["cross-origin-resource-policy"]}`,
    expected: "corp-implemented-with-same-origin",
    points: 10,
  },
  {
    source: "HTTP Observatory",
    rule: "Referrer-Policy",
    evaluate: ({ page }) =>
      /^(no-referrer|same-origin|strict-origin|strict-origin-when-cross-origin)$/.test(page["referrer-policy"] ?? "")
        ? "referrer-policy-private"
        : "referrer-policy-unsafe",
    expected: "referrer-policy-private",
    points: 5,
  },
  {
    source: "HTTP Observatory",
    rule: "Strict-Transport-Security",
    evaluate: ({ page }) => evaluateTransportSecurity(page["strict-transport-security"]),
    expected: "hsts-implemented-max-age-at-least-six-months",
    expectedOnHttp: "hsts-not-implemented",
    points: 0,
    reason: "Preloading requires registering the deployment's domain, and is hard to undo.",
  },
  {
    source: "HTTP Observatory",
    rule: "Subresource Integrity",
    evaluate: ({ html }) => evaluateScripts(html),
    expected: "sri-not-implemented-but-all-scripts-loaded-from-secure-origin",
    points: 0,
    reason: "Every script is from this origin and has the nonce; integrity digests protect scripts of other hosts.",
  },
  {
    source: "HTTP Observatory",
    rule: "X-Content-Type-Options",
    evaluate: ({ page }) => `x-content-type-options-${page["x-content-type-options"]}`,
    expected: "x-content-type-options-nosniff",
    points: 0,
  },
  {
    source: "HTTP Observatory",
    rule: "X-Frame-Options",
    evaluate: ({ page }) =>
      page["content-security-policy"]?.includes("frame-ancestors 'none'")
        ? "x-frame-options-implemented-via-csp"
        : `x-frame-options-${page["x-frame-options"]}`,
    expected: "x-frame-options-implemented-via-csp",
    points: 5,
  },
];

function evaluatePolicy(policy: string | undefined): string {
  if (policy === undefined) return "csp-not-implemented";
  const otherwise = sourcesOf(policy, "default-src") ?? ["*"];
  const script = sourcesOf(policy, "script-src") ?? otherwise;
  const hasNonce = script.some((source) => /^'(nonce|sha\d+)-/.test(source));
  const isLoose = (source: string) => /^(\*|https?:|ftp:|data:|'unsafe-inline')/.test(source);
  if (script.includes("'strict-dynamic'") && !hasNonce) return "csp-header-invalid";
  if ([...script, ...(sourcesOf(policy, "object-src") ?? otherwise)].some(isLoose))
    return "csp-implemented-with-unsafe-inline";
  if (policy.includes("'unsafe-eval'")) return "csp-implemented-with-unsafe-eval";
  if ((sourcesOf(policy, "style-src") ?? otherwise).some(isLoose))
    return "csp-implemented-with-unsafe-inline-in-style-src-only";
  const isNone = otherwise.join() === "'none'";
  return isNone ? "csp-implemented-with-no-unsafe-default-src-none" : "csp-implemented-with-no-unsafe";
}

/** Every cookie counts as a session cookie. */
function evaluateCookies(cookies: Scanned["setCookies"]): string {
  if (cookies.length === 0) return "cookies-not-found";
  const all = (attribute: RegExp) => cookies.every(({ attributes }) => attributes.some((one) => attribute.test(one)));
  if (!all(/^HttpOnly$/i)) return "cookies-session-without-httponly-flag";
  if (!all(/^Secure$/i)) return "cookies-session-without-secure-flag";
  return `cookies-secure-with-httponly-sessions${all(/^SameSite=(Lax|Strict)$/i) ? "-and-samesite" : ""}`;
}

function evaluateTransportSecurity(value: string | undefined): string {
  if (value === undefined) return "hsts-not-implemented";
  const seconds = Number(/(?:^|;)\s*max-age=(\d+)/i.exec(value)?.[1]);
  if (Number.isNaN(seconds) || value.includes(",")) return "hsts-header-invalid";
  return `hsts-implemented-max-age-${seconds < 15_552_000 ? "less-than" : "at-least"}-six-months`;
}

function evaluateScripts(html: string): string {
  const scripts = [...html.matchAll(/<script\b[^>]*\ssrc="([^"]+)"/g)].map(([, source = ""]) => source);
  if (scripts.length === 0) return "sri-not-implemented-but-no-scripts-loaded";
  return scripts.every((source) => /^\/(?!\/)/.test(source))
    ? "sri-not-implemented-but-all-scripts-loaded-from-secure-origin"
    : "sri-not-implemented-and-external-scripts-not-loaded-securely";
}
