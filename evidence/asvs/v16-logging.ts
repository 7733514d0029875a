import type { Claim } from "./claim";

const STDOUT = "The app writes to standard output and keeps nothing: where lines go is the deployment's.";

export const LOGGING: Claim[] = [
  {
    number: "16.1.1",
    asks: "what is logged, in which form, where it is kept, for how long and for whom, is written down",
    verdict: "not met",
    takes: `A sentence for each deployment on keeping and access. What is logged and how is listed, and held to the code. ${STDOUT}`,
    evidence: [["docs/security.test.ts", "every security event is listed, and no other"]],
  },
  {
    number: "16.2.1",
    asks: "each line says when, where, who and what",
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
    asks: "clocks agree, and times are in UTC",
    verdict: "met",
    evidence: [
      ["server/runtime/log.test.ts", "log: each line is JSON with a UTC time, a level name and the request id"],
    ],
    note: "UTC with milliseconds; keeping the machines' clocks is the deployment's. Sessions bear 30 s, and revocations go by the database's clock alone.",
  },
  {
    number: "16.2.3",
    asks: "lines go only where they are known to go",
    verdict: "met",
    evidence: [
      ["server/http/console-to-log.test.ts", "console output of the framework is logged with secrets redacted"],
    ],
    note: "Standard output.",
  },
  {
    number: "16.2.4",
    asks: "lines can be read and joined by a machine",
    verdict: "met",
    evidence: [
      ["server/runtime/log.test.ts", "log: each line is JSON with a UTC time, a level name and the request id"],
      ["e2e/contract/edges.spec.ts", "a sane request id is kept, any other is replaced, and errors carry it"],
    ],
  },
  {
    number: "16.2.5",
    asks: "what is sensitive is logged only as its level allows",
    verdict: "met",
    evidence: [
      ["server/runtime/log.test.ts", "log: redacts the field %s at the top level and one level below"],
      ["server/runtime/log.test.ts", "log: redacts tokens under any field name"],
      ["server/http/request-log.test.ts", "request log: contains no token, cookie, password or query"],
    ],
  },
  {
    number: "16.3.1",
    asks: "every authentication is logged, good or bad",
    verdict: "met",
    evidence: [
      ["server/auth/login/login.ts", 'securityEvent("login-refused"'],
      ["server/auth/login/login.ts", 'securityEvent("logged-in"'],
      ["e2e/faults.spec.ts", "what the app writes holds no token, cookie or password"],
    ],
    note: "A guess beyond the limit is not looked at: it leaves its request line with 429.",
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
    note: "As a request line with 401 or 403.",
  },
  {
    number: "16.3.3",
    asks: "the events that are written down are logged, and attempts to get round a control",
    verdict: "met",
    evidence: [
      ["docs/security.test.ts", "every security event is listed, and no other"],
      ["server/auth/sessions/refresh.ts", "session-replayed"],
      [
        "server/http/request-log.test.ts",
        "request log: one line per request with client, caller, method, path, status and duration",
      ],
    ],
    note: "A replayed token is an event of its own, at the level of an error; what is malformed, too big, too often or from another site leaves its line with 400, 403, 413, 415 or 429.",
  },
  {
    number: "16.3.4",
    asks: "unexpected errors and failing controls are logged",
    verdict: "met",
    evidence: [
      ["server/api/handler.db.test.ts", "answers 500 with a request id and nothing else"],
      ["server/auth/sessions/revocation-feed.ts", "the revocation feed cannot be read"],
    ],
  },
  {
    number: "16.4.1",
    asks: "nobody can write lines of their own into the log",
    verdict: "met",
    evidence: [["server/runtime/log.test.ts", "log: input of a client cannot inject lines or terminal sequences"]],
  },
  {
    number: "16.4.2",
    asks: "logs cannot be read or changed by who has no right to",
    verdict: "not met",
    takes: `A log store with access rights. ${STDOUT}`,
  },
  {
    number: "16.4.3",
    asks: "logs go to a separate system, out of reach of who breaks in",
    verdict: "not met",
    takes: `A collector that takes the containers' output away as it is written. ${STDOUT}`,
  },
  {
    number: "16.5.1",
    asks: "an unexpected error tells nothing of the inside",
    verdict: "met",
    evidence: [
      ["server/api/handler.db.test.ts", "answers 500 with a request id and nothing else"],
      ["server/http/entry-headers.test.ts", "error response: a fault discloses its request id and nothing else"],
    ],
  },
  {
    number: "16.5.2",
    asks: "the application stays safe while what it relies on is away",
    verdict: "met",
    evidence: [
      [
        "e2e/faults.spec.ts",
        "while the database is away the overview opens, then people wait, and return by themselves to where they were",
      ],
      ["db/connect.db.test.ts", "a full queue refuses at once, and a wait for a connection ends"],
      [
        "server/auth/sessions/revocation-feed.db.test.ts",
        "and the database is away, the signed token alone decides; what is known to be revoked stays so",
      ],
    ],
  },
  {
    number: "16.5.3",
    asks: "an error never opens what should be closed",
    verdict: "met",
    evidence: [
      ["server/api/router.test.ts", "needs a caller before anything else"],
      ["db/connect.db.test.ts", "a transaction that fails leaves nothing behind, neither rows nor an open transaction"],
      [
        "server/auth/gate/middleware.db.test.ts",
        "a request that did not come through the entry is a fault: nobody knows where it came from",
      ],
    ],
    note: "With the database away for longer than the feed may be stale, an access token is believed until its end, ten minutes at the most: chosen, and written down as such.",
  },
];
