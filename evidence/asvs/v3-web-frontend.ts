import type { Claim } from "./claim";

export const WEB_FRONTEND: Claim[] = [
  {
    number: "3.2.1",
    asks: "no response is rendered or executed in an unintended context",
    verdict: "met",
    evidence: [
      [
        "server/http/security-headers.test.ts",
        "content security policy: responses other than documents may load and run nothing",
      ],
      ["e2e/headers/routes.spec.ts", "security headers: every route has them for every method, for guests and members"],
    ],
    note: "JSON and files may load and execute nothing even when a browser renders them as a page; there are no uploads.",
  },
  {
    number: "3.2.2",
    asks: "text is rendered as text, not as markup",
    verdict: "met",
    evidence: [
      ["app/markup.test.ts", "no page creates markup or code from text"],
      ["e2e/register.spec.ts", "register: a name with emoji and several scripts is shown exactly as it was entered"],
    ],
  },
  {
    number: "3.3.1",
    asks: "cookies are Secure, with a `__Host-` or `__Secure-` name",
    verdict: "met",
    evidence: [
      ["server/auth/tokens/cookies.test.ts", "on https has a prefix that neither a subdomain nor an http page can set"],
    ],
    note: "On loopback, over http, this is not possible; everywhere else `APP_ORIGIN` must be https.",
  },
  {
    number: "3.3.2",
    asks: "each cookie's SameSite fits its purpose",
    verdict: "met",
    evidence: [["e2e/contract/cookies.spec.ts", "cookies: both have the attributes and lifetimes of the contract"]],
    note: "Lax: a link from another site opens the page signed in, and no GET changes state.",
  },
  {
    number: "3.3.3",
    asks: "cookies have a `__Host-` name",
    verdict: "met",
    evidence: [
      ["server/auth/tokens/cookies.test.ts", "on https has a prefix that neither a subdomain nor an http page can set"],
      ["server/auth/tokens/cookies.test.ts", "on https has only tokens whose cookie has the prefix"],
    ],
  },
  {
    number: "3.3.4",
    asks: "session tokens are HttpOnly and leave the server only in Set-Cookie",
    verdict: "met",
    evidence: [
      ["server/api/router.db.test.ts", "no response body contains a token"],
      ["e2e/contract/cookies.spec.ts", "cookies: both have the attributes and lifetimes of the contract"],
    ],
  },
  {
    number: "3.3.5",
    asks: "no cookie is too long for a browser to store",
    verdict: "met",
    evidence: [
      [
        "server/auth/tokens/refresh-token.test.ts",
        "both cookies together stay under 2.5 kB, with the longest name, email and origin",
      ],
    ],
  },
  {
    number: "3.4.1",
    asks: "HSTS on every response, for a year, from level 2 on for subdomains too",
    verdict: "met",
    evidence: [
      ["server/http/entry-headers.test.ts", "security headers: on https every response has Strict-Transport-Security"],
      [
        "evidence/scanners/https.spec.ts",
        "scanners: all rules hold on https, and error responses have the security headers too",
      ],
    ],
  },
  {
    number: "3.4.2",
    asks: "other origins may read responses only if they are on an allowlist",
    verdict: "met",
    evidence: [
      [
        "server/http/cors.test.ts",
        "CORS: an allowed origin may read the responses and rejections of calls, and nothing else",
      ],
      ["server/http/cors.test.ts", "CORS: a preflight of any other origin is rejected"],
    ],
  },
  {
    number: "3.4.3",
    asks: "a policy with object-src and base-uri 'none' and an allowlist, nonces or hashes; at level 3 a separate one for each response",
    verdict: "met",
    evidence: [
      [
        "server/http/security-headers.test.ts",
        "content security policy: no inline code, eval or plug-ins in production",
      ],
      [
        "e2e/content-security.spec.ts",
        "content security policy: every page has its own nonce, and only scripts with that nonce run",
      ],
    ],
  },
  {
    number: "3.4.4",
    asks: "nosniff on every response",
    verdict: "met",
    evidence: [
      ["e2e/headers/routes.spec.ts", "security headers: every route has them for every method, for guests and members"],
      ["e2e/headers/routes.spec.ts", "security headers: the response to a malformed HTTP request has them"],
    ],
  },
  {
    number: "3.4.5",
    asks: "a referrer policy prevents sending URLs to other sites",
    verdict: "met",
    evidence: [
      ["e2e/headers/routes.spec.ts", "security headers: every route has them for every method, for guests and members"],
    ],
    note: "`same-origin`: other sites receive nothing, not even the host.",
  },
  {
    number: "3.4.6",
    asks: "frame-ancestors on every response",
    verdict: "met",
    evidence: [
      ["e2e/headers/routes.spec.ts", "security headers: every route has them for every method, for guests and members"],
    ],
  },
  {
    number: "3.4.8",
    asks: "documents have an opener policy of same-origin",
    verdict: "met",
    evidence: [
      ["e2e/headers/routes.spec.ts", "security headers: every route has them for every method, for guests and members"],
    ],
  },
  {
    number: "3.5.1",
    asks: "requests forged by other sites are distinguished from our own",
    verdict: "met",
    evidence: [
      ["e2e/contract/http.spec.ts", "cross-site request: ${what} is answered ${status} and not executed"],
      [
        "server/api/handler.db.test.ts",
        "the origin is checked before authentication: a cross-site request without a session gets the same response",
      ],
    ],
  },
  {
    number: "3.5.2",
    asks: "no sensitive function can be called by a request that needs no preflight",
    verdict: "met",
    evidence: [["e2e/contract/http.spec.ts", "cross-site request: ${what} is answered ${status} and not executed"]],
    note: "The app does not rely on preflights: origin and content type are checked on each mutation.",
  },
  {
    number: "3.5.3",
    asks: "GET, HEAD and OPTIONS do not change state",
    verdict: "met",
    evidence: [
      [
        "e2e/contract/http.spec.ts",
        "methods: GET executes no mutation, and methods that are not listed are answered 405",
      ],
    ],
  },
  {
    number: "3.5.4",
    asks: "separate applications have separate host names",
    verdict: "not applicable",
    because: "There is one application. A second one should have another host: `__Host-` cookies are then separate.",
  },
  {
    number: "3.5.5",
    asks: "messages from other windows are checked for origin and syntax",
    verdict: "not applicable",
    because:
      "No page listens to postMessage; tabs use BroadcastChannel, which is limited to the origin (`app/markup.test.ts`).",
  },
  {
    number: "3.5.8",
    asks: "authenticated resources cannot be embedded by other sites",
    verdict: "met",
    evidence: [
      ["e2e/headers/routes.spec.ts", "security headers: every route has them for every method, for guests and members"],
    ],
  },
  {
    number: "3.6.1",
    asks: "scripts, styles and fonts of other hosts have integrity digests",
    verdict: "met",
    evidence: [
      [
        "e2e/privacy.spec.ts",
        "private pages: each shows a sign-out button, stores nothing in the browser and sends requests only to its own origin",
      ],
      [
        "server/http/security-headers.test.ts",
        "content security policy: no inline code, eval or plug-ins in production",
      ],
    ],
    note: "There are none.",
  },
  {
    number: "3.7.1",
    asks: "no deprecated client technology is used",
    verdict: "met",
    evidence: [
      [
        "server/http/security-headers.test.ts",
        "content security policy: no inline code, eval or plug-ins in production",
      ],
    ],
  },
  {
    number: "3.7.2",
    asks: "redirects lead to other hosts only if they are on an allowlist",
    verdict: "met",
    evidence: [
      ["server/auth/policy/next-path.test.ts", "any input stays on this origin, as it is and decoded once or twice"],
      ["e2e/deep-links.spec.ts", "deep link: a next parameter that leads to another site leads to the dashboard"],
    ],
    note: "The list is empty.",
  },
];
