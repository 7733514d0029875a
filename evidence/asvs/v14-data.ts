import type { Claim } from "./claim";

export const DATA: Claim[] = [
  {
    number: "14.1.1",
    asks: "sensitive data is identified and classified into levels, including encoded data",
    verdict: "met",
    evidence: [
      ["docs/security.md", "the access token's payload (id, email, name, role; only encoded, so personal)"],
      [
        "docs/security.test.ts",
        "security.md: every column of the migrations has a data level and a retention, and no other is listed",
      ],
    ],
  },
  {
    number: "14.1.2",
    asks: "the protection requirements of each level are documented",
    verdict: "met",
    evidence: [["docs/security.md", "never logged, never in a response body, never in a URL"]],
  },
  {
    number: "14.2.1",
    asks: "no sensitive data is sent in a URL",
    verdict: "met",
    evidence: [
      ["server/api/handler.db.test.ts", "mutations are not executed for GET"],
      [
        "e2e/privacy.spec.ts",
        "private pages: each shows a sign-out button, stores nothing in the browser and sends requests only to its own origin",
      ],
    ],
    note: "No query takes an input; a form that is submitted before its script has loaded would be sent by POST, which pages refuse.",
  },
  {
    number: "14.2.2",
    asks: "no sensitive data is kept in intermediate caches",
    verdict: "met",
    evidence: [
      ["e2e/gate-responses.spec.ts", "gate: private pages and redirects are sent with private, no-store"],
      ["server/http/entry-headers.test.ts", "an asset with a cookie"],
    ],
  },
  {
    number: "14.2.3",
    asks: "no sensitive data is sent to third parties",
    verdict: "met",
    evidence: [
      [
        "e2e/privacy.spec.ts",
        "private pages: each shows a sign-out button, stores nothing in the browser and sends requests only to its own origin",
      ],
      ["server/runtime/outbound-connections.test.ts", "outbound connections: the server connects only to its database"],
    ],
  },
  {
    number: "14.2.4",
    asks: "each level has the documented protection",
    verdict: "met",
    evidence: [
      ["e2e/faults.spec.ts", "logs: the app writes no token, cookie or password"],
      ["db/tables/users.db.test.ts", "database errors do not contain the statement and its values"],
      ["server/auth/passwords/password.test.ts", "is salted argon2id with 19 MiB and two passes, and fits its column"],
      ["db/tables/purge.db.test.ts", "purge: deletes the sessions that ended long enough ago, and no others"],
    ],
  },
  {
    number: "14.3.1",
    asks: "personal data is removed from the client when the session ends",
    verdict: "met",
    evidence: [
      ["e2e/back.spec.ts", "Back after signing out shows no private page"],
      ["e2e/back.spec.ts", "a page restored from the back/forward cache hides its content and reloads"],
      ["e2e/tabs.spec.ts", "tabs: signing out in one tab signs out all others within a second"],
    ],
    note: "Without a connection a sign-out cannot reach the server, and the page says so.",
  },
  {
    number: "14.3.2",
    asks: "headers forbid browsers to store sensitive data",
    verdict: "met",
    evidence: [["e2e/gate-responses.spec.ts", "gate: private pages and redirects are sent with private, no-store"]],
  },
  {
    number: "14.3.3",
    asks: "browser storage contains no sensitive data except session tokens",
    verdict: "met",
    evidence: [
      [
        "e2e/privacy.spec.ts",
        "private pages: each shows a sign-out button, stores nothing in the browser and sends requests only to its own origin",
      ],
    ],
  },
];
