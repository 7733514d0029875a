import { sourcesOf, type Rule, type Scanned } from "./scanner-rule";

const header = (name: string) => (scanned: Scanned) => scanned.page[name] ?? "missing";

/** https://github.com/OWASP/www-project-secure-headers, ci/headers_add.json: the header that the project recommends is the rule. */
const RECOMMENDATIONS: Omit<Rule, "source">[] = [
  { rule: "Cache-Control: no-store, max-age=0", evaluate: header("cache-control"), expected: "private, no-store" },
  {
    rule: 'Clear-Site-Data: "cache","cookies","storage"',
    evaluate: header("clear-site-data"),
    expected: "missing",
    reason: "It would sign people out on every page. Nothing private is stored, and sign-out clears the cookies.",
  },
  {
    rule: "Content-Security-Policy: default-src 'self'; form-action 'self'; object-src 'none'; frame-ancestors 'none'; upgrade-insecure-requests",
    evaluate: ({ page }) => missingDirectives(page["content-security-policy"]),
    expected: "nothing missing",
    expectedOnHttp: "upgrade-insecure-requests",
    reason: "On loopback there is nothing to upgrade to.",
  },
  {
    rule: "Cross-Origin-Embedder-Policy: require-corp",
    evaluate: header("cross-origin-embedder-policy"),
    expected: "missing",
    reason:
      "It buys SharedArrayBuffer and fine timers, which nothing here uses; the policy lets nothing foreign be embedded.",
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
    rule: "Permissions-Policy: thirty powers off",
    evaluate: ({ page }) => evaluatePermissions(page["permissions-policy"]),
    expected: "11 named, all off",
    reason:
      "Those that watch, listen, locate or pay. The rest, full screen and passkeys among them, are left to the team's pages.",
  },
  {
    rule: "Referrer-Policy: no-referrer",
    evaluate: header("referrer-policy"),
    expected: "same-origin",
    reason: "Nothing leaves for other origins either way; within its own a page may say where it came from.",
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
    reason: "For Flash and Acrobat of old; no browser loads either, and there is no such file to be found.",
  },
];

export const RECOMMENDED: Rule[] = RECOMMENDATIONS.map((rule) => ({ source: "OWASP Secure Headers", ...rule }));

/** From ci/headers_remove.json: what a Node server behind Next.js could send at all. */
const TO_REMOVE =
  /^(server|powered-by|x-powered-by|x-generator|x-runtime|x-nextjs-cache|x-nextjs-matched-path|x-nextjs-page|x-nextjs-redirect|sourcemap|x-sourcemap)$/;

export const NO_SOFTWARE_NAMES: Rule = {
  source: "OWASP Secure Headers, to remove",
  rule: "headers that name what runs here",
  evaluate: ({ page, call }) =>
    [...Object.keys(page), ...Object.keys(call)].filter((name) => TO_REMOVE.test(name)).join(", ") || "none",
  expected: "none",
};

function missingDirectives(policy = ""): string {
  const wanted = ["default-src", "form-action", "object-src", "frame-ancestors", "upgrade-insecure-requests"];
  return wanted.filter((name) => sourcesOf(policy, name) === undefined).join(", ") || "nothing missing";
}

function evaluatePermissions(policy = ""): string {
  const powers = policy.split(", ");
  return `${powers.length} named, ${powers.every((power) => power.endsWith("=()")) ? "all" : "not all"} off`;
}
