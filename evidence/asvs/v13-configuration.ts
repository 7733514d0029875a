import type { Claim } from "./claim";

export const CONFIGURATION: Claim[] = [
  {
    number: "13.1.1",
    asks: "whom the application talks to is written down, and where people could name an address",
    verdict: "met",
    evidence: [
      ["docs/security.md", "no person can name an address that it would ask"],
      ["server/runtime/outbound-connections.test.ts", "outbound connections: the server connects only to its database"],
    ],
  },
  {
    number: "13.1.2",
    asks: "how many connections at once, and what happens beyond, is written down",
    verdict: "met",
    evidence: [
      ["docs/security.md", "10 connections, 256 waiting 2 s at the most"],
      ["db/connect.db.test.ts", "a full queue refuses at once, and a wait for a connection ends"],
    ],
  },
  {
    number: "13.2.1",
    asks: "services know each other by short-lived or personal credentials, not by a lasting password",
    verdict: "not met",
    takes:
      "A database that takes certificates or tokens that expire: `DATABASE_URL` passes `ssl` on to the driver, a token that changes needs a hook in `db/connect.ts`. As shipped, one account with a password.",
  },
  {
    number: "13.2.2",
    asks: "accounts of services have the least rights",
    verdict: "not met",
    takes:
      "Two accounts in `compose.yaml`: one that migrates, one that may only read and write rows. As shipped, one owns its database, and nothing beside it.",
  },
  {
    number: "13.2.3",
    asks: "no default credentials between services",
    verdict: "met",
    evidence: [
      ["scripts/deployment.test.ts", "has no value for a secret, and insists on the required ones"],
      ["server/runtime/env.test.ts", "env: no secret has a default in any environment"],
    ],
  },
  {
    number: "13.2.4",
    asks: "a list says which systems the application may talk to",
    verdict: "met",
    evidence: [
      ["server/runtime/outbound-connections.test.ts", "outbound connections: the server connects only to its database"],
    ],
    note: "The list has one line, `DATABASE_URL`; a test keeps the code to it. A firewall would keep a process that was taken over to it, too (13.2.5).",
  },
  {
    number: "13.2.5",
    asks: "the web server's own list says what it may ask or load",
    verdict: "not met",
    takes: "A network without a way out for the app's containers, or an egress rule: the deployment's.",
  },
  {
    number: "13.3.1",
    asks: "secrets live in a vault, and neither in source nor in what is built",
    verdict: "not met",
    takes: "A vault that sets the environment: the deployment's. Neither source nor image holds one.",
    evidence: [["scripts/deployment.test.ts", "holds no secret: none is set, none is copied"]],
  },
  {
    number: "13.3.2",
    asks: "a secret is open only to who needs it",
    verdict: "met",
    evidence: [
      [
        "scripts/environment.test.ts",
        "local secrets are made once, differ, are long enough, and are readable by their owner only",
      ],
      ["scripts/import-rules.test.ts", "only one module of the app reads the environment"],
    ],
    note: "In `compose.yaml` each service is given its own, and the migration none but the database's.",
  },
  {
    number: "13.4.1",
    asks: "the source's history is not deployed, or out of reach",
    verdict: "met",
    evidence: [
      ["scripts/deployment.test.ts", "holds no secret: none is set, none is copied"],
      ["e2e/headers/routes.spec.ts", "no directory is listed, and nothing of the source or its history is served"],
    ],
  },
  {
    number: "13.4.2",
    asks: "no debugging in production",
    verdict: "met",
    evidence: [
      [
        "server/http/inbound-headers.test.ts",
        "withoutSpoofableHeaders: keeps hot reload headers in development, and still removes spoofable ones",
      ],
      ["Dockerfile", "ENV NODE_ENV=production"],
      ["server/api/handler.db.test.ts", "answers 500 with a request id and nothing else"],
    ],
  },
  {
    number: "13.4.3",
    asks: "no listings of directories",
    verdict: "met",
    evidence: [
      ["e2e/headers/routes.spec.ts", "no directory is listed, and nothing of the source or its history is served"],
    ],
  },
  {
    number: "13.4.4",
    asks: "no TRACE",
    verdict: "met",
    evidence: [
      ["server/http/entry-headers.test.ts", "TRACE"],
      [
        "e2e/headers/routes.spec.ts",
        "every route, however it is asked for and by whom, answers with the headers that protect it",
      ],
    ],
  },
  {
    number: "13.4.5",
    asks: "documentation and monitoring are open only on purpose",
    verdict: "met",
    evidence: [["e2e/contract/edges.spec.ts", "health answers without a session and without a database"]],
    note: "Three health addresses say yes or no, to anybody, for load balancers. There is nothing else.",
  },
  {
    number: "13.4.6",
    asks: "no versions of what runs behind are told",
    verdict: "met",
    evidence: [
      [
        "e2e/headers/routes.spec.ts",
        "every route, however it is asked for and by whom, answers with the headers that protect it",
      ],
      ["server/api/handler.db.test.ts", "answers 500 with a request id and nothing else"],
      ["scripts/deployment.test.ts", "the proxies in front tell nobody their version"],
    ],
  },
];
