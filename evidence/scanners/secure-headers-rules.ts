import { sourcesOf, type Rule, type Scanned } from "./scanner-rule";

const header = (name: string) => (scanned: Scanned) => scanned.page[name] ?? "missing";

/** https://github.com/OWASP/www-project-secure-headers, ci/headers_add.json: each recommended header is a rule. */
const RECOMMENDATIONS: Omit<Rule, "source">[] = [
  { rule: "Cache-Control: no-store, max-age=0", evaluate: header("cache-control"), expected: "private, no-store" },
  {
    rule: 'Clear-Site-Data: "cache","cookies","storage"',
    evaluate: header("clear-site-data"),
    expected: "missing",
    reason: "It would sign users out on every page. No private data is stored, and logout clears the cookies.",
  },
  {
    rule: "Content-Security-Policy: default-src 'self'; form-action 'self'; object-src 'none'; frame-ancestors 'none'; upgrade-insecure-requests",
    evaluate: ({ page }) => missingDirectives(page["content-security-policy"]),
    expected: "nothing missing",
    expectedOnHttp: "upgrade-insecure-requests",
    reason: "Loopback has no https to upgrade to.",
  },
  {
    rule: "Cross-Origin-Embedder-Policy: require-corp",
    evaluate: header("cross-origin-embedder-policy"),
    expected: "missing",
    reason:
      "It enables SharedArrayBuffer and precise timers, which the app does not use; the policy blocks embedding of other origins.",
  },
  {
    rule: "Cross-Origin-Opener-Policy: same-origin",
    evaluate: header("cross-origin-opener-policy"),
    expected: "same-origin",
  },
  {
    rule: "Cross-Origin-Resource-Policy: same-origin",
    evaluate: header("cross-origin-resource-policy"),
    expected: "same-origin",
  },
  {
    rule: "Permissions-Policy: thirty features disabled",
    evaluate: ({ page }) => evaluatePermissions(page["permissions-policy"]),
    expected: "11 features, all disabled",
    reason:
      "Camera, microphone, location, payment and similar. Others, such as full screen and passkeys, remain available to pages.",
  },
  {
    rule: "Referrer-Policy: no-referrer",
    evaluate: header("referrer-policy"),
    expected: "same-origin",
    reason: "Both send no referrer to other origins; same-origin requests may include it.",
  },
  {
    rule: "Strict-Transport-Security: max-age=31536000; includeSubDomains",
    evaluate: header("strict-transport-security"),
    expected: "max-age=31536000; includeSubDomains",
    expectedOnHttp: "missing",
    reason: "Browsers ignore it on http (RFC 6797, section 8.1).",
  },
  { rule: "X-Content-Type-Options: nosniff", evaluate: header("x-content-type-options"), expected: "nosniff" },
  { rule: "X-Frame-Options: deny", evaluate: header("x-frame-options"), expected: "DENY" },
  {
    rule: "X-Permitted-Cross-Domain-Policies: none",
    evaluate: header("x-permitted-cross-domain-policies"),
    expected: "missing",
    reason: "Concerns only Flash and old versions of Acrobat, and there is no policy file.",
  },
];

export const RECOMMENDED: Rule[] = RECOMMENDATIONS.map((rule) => ({ source: "OWASP Secure Headers", ...rule }));

/** From ci/headers_remove.json: headers that a Node.js server or Next.js could send. */
const TO_REMOVE =
  /^(server|featureed-by|x-featureed-by|x-generator|x-runtime|x-nextjs-cache|x-nextjs-matched-path|x-nextjs-page|x-nextjs-redirect|sourcemap|x-sourcemap)$/;

export const NO_SOFTWARE_NAMES: Rule = {
  source: "OWASP Secure Headers, to remove",
  rule: "headers that disclose software",
  evaluate: ({ page, call }) =>
    [...Object.keys(page), ...Object.keys(call)].filter((name) => TO_REMOVE.test(name)).join(", ") || "none",
  expected: "none",
};

function missingDirectives(policy = ""): string {
  const wanted = ["default-src", "form-action", "object-src", "frame-ancestors", "upgrade-insecure-requests"];
  return wanted.filter((name) => sourcesOf(policy, name) === undefined).join(", ") || "nothing missing";
}

function evaluatePermissions(policy = ""): string {
  const features = policy.split(", ");
  return `${features.length} features, ${features.every((feature) => feature.endsWith("=()")) ? "all" : "not all"} disabled`;
}
