import { sourcesOf, type Rule, type Scanned } from "./scanner-rule";

/** https://github.com/mdn/mdn-http-observatory, src/analyzer/tests and src/grader/charts.js: what earns or costs points. */
export const OBSERVATORY: Rule[] = [
  {
    source: "HTTP Observatory",
    rule: "Content Security Policy",
    judge: ({ page }) => judgePolicy(page["content-security-policy"]),
    answer: "csp-implemented-with-no-unsafe-default-src-none",
    points: 10,
  },
  {
    source: "HTTP Observatory",
    rule: "Cookies",
    judge: ({ setCookies }) => judgeCookies(setCookies),
    answer: "cookies-secure-with-httponly-sessions-and-samesite",
    answerOnHttp: "cookies-session-without-secure-flag",
    points: 5,
    because: "Secure is for https; on loopback a browser may refuse a Secure cookie that came over http.",
  },
  {
    source: "HTTP Observatory",
    rule: "Cross-Origin Resource Sharing",
    judge: ({ page, call }) =>
      page["access-control-allow-origin"] ??
      call["access-control-allow-origin"] ??
      "cross-origin-resource-sharing-not-implemented",
    answer: "cross-origin-resource-sharing-not-implemented",
    points: 0,
  },
  {
    source: "HTTP Observatory",
    rule: "Cross-Origin Resource Policy",
    judge: ({ page }) => `corp-implemented-with-${page["cross-origin-resource-policy"]}`,
    answer: "corp-implemented-with-same-origin",
    points: 10,
  },
  {
    source: "HTTP Observatory",
    rule: "Referrer-Policy",
    judge: ({ page }) =>
      /^(no-referrer|same-origin|strict-origin|strict-origin-when-cross-origin)$/.test(page["referrer-policy"] ?? "")
        ? "referrer-policy-private"
        : "referrer-policy-unsafe",
    answer: "referrer-policy-private",
    points: 5,
  },
  {
    source: "HTTP Observatory",
    rule: "Strict-Transport-Security",
    judge: ({ page }) => judgeTransport(page["strict-transport-security"]),
    answer: "hsts-implemented-max-age-at-least-six-months",
    answerOnHttp: "hsts-not-implemented",
    points: 0,
    because: "Not preloaded: that is a registration of the deployment's own domain, and hard to undo.",
  },
  {
    source: "HTTP Observatory",
    rule: "Subresource Integrity",
    judge: ({ html }) => judgeScripts(html),
    answer: "sri-not-implemented-but-all-scripts-loaded-from-secure-origin",
    points: 0,
    because: "Every script comes from this origin and carries the nonce; digests protect scripts of other hosts.",
  },
  {
    source: "HTTP Observatory",
    rule: "X-Content-Type-Options",
    judge: ({ page }) => `x-content-type-options-${page["x-content-type-options"]}`,
    answer: "x-content-type-options-nosniff",
    points: 0,
  },
  {
    source: "HTTP Observatory",
    rule: "X-Frame-Options",
    judge: ({ page }) =>
      page["content-security-policy"]?.includes("frame-ancestors 'none'")
        ? "x-frame-options-implemented-via-csp"
        : `x-frame-options-${page["x-frame-options"]}`,
    answer: "x-frame-options-implemented-via-csp",
    points: 5,
  },
];

function judgePolicy(policy: string | undefined): string {
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

/** Every cookie of ours counts as a session's, whatever its name. */
function judgeCookies(cookies: Scanned["setCookies"]): string {
  if (cookies.length === 0) return "cookies-not-found";
  const all = (attribute: RegExp) => cookies.every(({ attributes }) => attributes.some((one) => attribute.test(one)));
  if (!all(/^HttpOnly$/i)) return "cookies-session-without-httponly-flag";
  if (!all(/^Secure$/i)) return "cookies-session-without-secure-flag";
  return `cookies-secure-with-httponly-sessions${all(/^SameSite=(Lax|Strict)$/i) ? "-and-samesite" : ""}`;
}

function judgeTransport(value: string | undefined): string {
  if (value === undefined) return "hsts-not-implemented";
  const seconds = Number(/(?:^|;)\s*max-age=(\d+)/i.exec(value)?.[1]);
  if (Number.isNaN(seconds) || value.includes(",")) return "hsts-header-invalid";
  return `hsts-implemented-max-age-${seconds < 15_552_000 ? "less-than" : "at-least"}-six-months`;
}

function judgeScripts(html: string): string {
  const scripts = [...html.matchAll(/<script\b[^>]*\ssrc="([^"]+)"/g)].map(([, source = ""]) => source);
  if (scripts.length === 0) return "sri-not-implemented-but-no-scripts-loaded";
  return scripts.every((source) => /^\/(?!\/)/.test(source))
    ? "sri-not-implemented-but-all-scripts-loaded-from-secure-origin"
    : "sri-not-implemented-and-external-scripts-not-loaded-securely";
}
