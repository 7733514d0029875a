import type { Claim } from "./claim";

const STDOUT = "The app writes to standard output and stores nothing: the destination is part of the deployment.";

export const LOGGING: Claim[] = [
  {
    number: "16.1.1",
    asks: "what is logged, its format, storage, retention and access are documented",
    verdict: "not met",
    takes: `Documentation of retention and access for each deployment. The events and their format are listed, and a test compares the list with the code. ${STDOUT}`,
    evidence: [["docs/security.test.ts", "security.md: the table of log events lists exactly the security events"]],
  },
  {
    number: "16.2.1",
    asks: "each entry says when, where, who and what",
    verdict: "met",
    evidence: [
      [
        "server/http/request-log.test.ts",
        "request log: one line per request with client, caller, method, path, status and duration",
      ],
      ["server/runtime/log.test.ts", "log: each line is JSON with a UTC time, a level name and the request id"],
    ],
  },
  {
    number: "16.2.2",
    asks: "clocks are synchronised, and times are in UTC",
    verdict: "met",
    evidence: [
      ["server/runtime/log.test.ts", "log: each line is JSON with a UTC time, a level name and the request id"],
    ],
    note: "UTC with milliseconds; synchronising the machines is part of the deployment. Sessions tolerate 30 s, and revocations use only the database's clock.",
  },
  {
    number: "16.2.3",
    asks: "logs are sent only to documented destinations",
    verdict: "met",
    evidence: [
      ["server/http/console-to-log.test.ts", "console output of the framework is logged with secrets redacted"],
    ],
    note: "Standard output.",
  },
  {
    number: "16.2.4",
    asks: "logs can be parsed and correlated automatically",
    verdict: "met",
    evidence: [
      ["server/runtime/log.test.ts", "log: each line is JSON with a UTC time, a level name and the request id"],
      [
        "e2e/contract/http.spec.ts",
        "request id: a well-formed one is kept, any other is replaced, and errors contain it",
      ],
    ],
  },
  {
    number: "16.2.5",
    asks: "sensitive data is logged only as its level allows",
    verdict: "met",
    evidence: [
      ["server/runtime/log.test.ts", "log: redacts the field %s at the top level and one level below"],
      ["server/runtime/log.test.ts", "log: redacts tokens under any field name"],
      ["server/http/request-log.test.ts", "request log: contains no token, cookie, password or query"],
    ],
  },
  {
    number: "16.3.1",
    asks: "every authentication is logged, successful or not",
    verdict: "met",
    evidence: [
      ["server/auth/login/login.ts", 'securityEvent("login-refused"'],
      ["server/auth/login/login.ts", 'securityEvent("logged-in"'],
      ["e2e/faults.spec.ts", "logs: the app writes no token, cookie or password"],
    ],
    note: "A guess beyond the limit is not evaluated: it is logged as a request with 429.",
  },
  {
    number: "16.3.2",
    asks: "refused access is logged",
    verdict: "met",
    evidence: [
      [
        "server/http/request-log.test.ts",
        "request log: one line per request with client, caller, method, path, status and duration",
      ],
    ],
    note: "As a request with 401 or 403.",
  },
  {
    number: "16.3.3",
    asks: "the documented events are logged, and attempts to bypass a control",
    verdict: "met",
    evidence: [
      ["docs/security.test.ts", "security.md: the table of log events lists exactly the security events"],
      ["server/auth/sessions/refresh.ts", "session-replayed"],
      [
        "server/http/request-log.test.ts",
        "request log: one line per request with client, caller, method, path, status and duration",
      ],
    ],
    note: "A replayed token is a separate event at level error; requests that are malformed, too large, too frequent or from another site are logged with 400, 403, 413, 415 or 429.",
  },
  {
    number: "16.3.4",
    asks: "unexpected errors and failing controls are logged",
    verdict: "met",
    evidence: [
      ["server/api/handler.db.test.ts", "is answered with 500, a request id and nothing else"],
      ["server/auth/sessions/revocation-feed.ts", "the revocation feed cannot be read"],
    ],
  },
  {
    number: "16.4.1",
    asks: "log injection is prevented",
    verdict: "met",
    evidence: [["server/runtime/log.test.ts", "log: input of a client cannot inject lines or terminal sequences"]],
  },
  {
    number: "16.4.2",
    asks: "logs are protected from unauthorised reading and changing",
    verdict: "not met",
    takes: `A log store with access control. ${STDOUT}`,
  },
  {
    number: "16.4.3",
    asks: "logs are sent to a separate system that an intruder cannot reach",
    verdict: "not met",
    takes: `A collector that ships the containers' output as it is written. ${STDOUT}`,
  },
  {
    number: "16.5.1",
    asks: "an unexpected error reveals no internal details",
    verdict: "met",
    evidence: [
      ["server/api/handler.db.test.ts", "is answered with 500, a request id and nothing else"],
      ["server/http/entry-headers.test.ts", "error response: a fault discloses its request id and nothing else"],
    ],
  },
  {
    number: "16.5.2",
    asks: "the application stays secure while a dependency is unavailable",
    verdict: "met",
    evidence: [
      [
        "e2e/faults.spec.ts",
        "outage: without the database the overview opens; other pages show the maintenance page, which returns by itself",
      ],
      ["db/connect.db.test.ts", "a full connection queue rejects at once, and a wait for a connection times out"],
      [
        "server/auth/sessions/revocation-feed.db.test.ts",
        "and the database unavailable, the signed token alone decides; known revocations stay",
      ],
    ],
  },
  {
    number: "16.5.3",
    asks: "an error never grants access",
    verdict: "met",
    evidence: [
      ["server/api/router.test.ts", "requires a caller before it validates the input"],
      ["db/connect.db.test.ts", "a failed transaction leaves neither rows nor an open transaction behind"],
      [
        "server/auth/gate/middleware.db.test.ts",
        "a request that did not come through the entry is a fault: its address is unknown",
      ],
    ],
    note: "If the database is unavailable for longer than the feed may be stale, an access token is accepted until it expires, ten minutes at most: a documented decision.",
  },
];
