import type { Claim } from "./claim";

export const CONFIGURATION: Claim[] = [
  {
    number: "13.1.1",
    asks: "outgoing connections are documented, and where users could name their target",
    verdict: "met",
    evidence: [
      ["docs/security.md", "no input can name an address for it to connect to"],
      ["server/runtime/outbound-connections.test.ts", "outbound connections: the server connects only to its database"],
    ],
  },
  {
    number: "13.1.2",
    asks: "limits of concurrent connections, and the behaviour beyond them, are documented",
    verdict: "met",
    evidence: [
      ["docs/security.md", "10 connections, 256 waiting at most 2 s"],
      ["db/connect.db.test.ts", "a full connection queue rejects at once, and a wait for a connection times out"],
    ],
  },
  {
    number: "13.2.1",
    asks: "services authenticate with short-lived or individual credentials, not with unchanging passwords",
    verdict: "not met",
    takes:
      "A database that accepts client certificates or expiring tokens: `DATABASE_URL` passes client certificates on to the driver, a changing token needs a hook in `db/connect.ts`. As shipped, one account with a password.",
  },
  {
    number: "13.2.2",
    asks: "service accounts have the least privileges",
    verdict: "not met",
    takes:
      "Two accounts in `compose.yaml`: one that migrates, one that may only read and write rows. As shipped, one account owns its database and nothing else.",
  },
  {
    number: "13.2.3",
    asks: "no default credentials between services",
    verdict: "met",
    evidence: [
      ["scripts/deployment.test.ts", "contains no secret value and requires the mandatory variables"],
      ["server/runtime/env.test.ts", "env: no secret has a default in any environment"],
    ],
  },
  {
    number: "13.2.4",
    asks: "an allowlist names the systems that the application may connect to",
    verdict: "met",
    evidence: [
      ["server/runtime/outbound-connections.test.ts", "outbound connections: the server connects only to its database"],
    ],
    note: "The list has one entry, `DATABASE_URL`; a test enforces it in the code. A firewall would enforce it for a compromised process too (13.2.5).",
  },
  {
    number: "13.2.5",
    asks: "an allowlist of the web server restricts what it may request or load",
    verdict: "not met",
    takes: "An internal network for the app's containers, or an egress rule: part of the deployment.",
  },
  {
    number: "13.3.1",
    asks: "secrets are stored in a vault, not in source code or build artifacts",
    verdict: "not met",
    takes: "A vault that sets the environment: part of the deployment. Neither source nor image contains a secret.",
    evidence: [["scripts/deployment.test.ts", "contains no secret, neither as a variable nor as a copied file"]],
  },
  {
    number: "13.3.2",
    asks: "each secret is accessible only where it is needed",
    verdict: "met",
    evidence: [
      [
        "scripts/environment.test.ts",
        "local secrets: are generated once, differ, are long enough, and are readable only by the owner",
      ],
      ["scripts/import-rules.test.ts", "import rules: only one module of the app reads process.env"],
    ],
    note: "In `compose.yaml` each service receives its own secrets, and the migration only that of the database.",
  },
  {
    number: "13.4.1",
    asks: "source control metadata is not deployed, or not accessible",
    verdict: "met",
    evidence: [
      ["scripts/deployment.test.ts", "contains no secret, neither as a variable nor as a copied file"],
      [
        "e2e/headers/routes.spec.ts",
        "static files: no directory is listed, and no source file or repository data is served",
      ],
    ],
  },
  {
    number: "13.4.2",
    asks: "debug modes are off in production",
    verdict: "met",
    evidence: [
      [
        "server/http/inbound-headers.test.ts",
        "withoutSpoofableHeaders: keeps hot reload headers in development, and still removes spoofable ones",
      ],
      ["Dockerfile", "ENV NODE_ENV=production"],
      ["server/api/handler.db.test.ts", "is answered with 500, a request id and nothing else"],
    ],
  },
  {
    number: "13.4.3",
    asks: "directory listings are off",
    verdict: "met",
    evidence: [
      [
        "e2e/headers/routes.spec.ts",
        "static files: no directory is listed, and no source file or repository data is served",
      ],
    ],
  },
  {
    number: "13.4.4",
    asks: "TRACE is not supported",
    verdict: "met",
    evidence: [
      ["server/http/entry-headers.test.ts", "TRACE"],
      ["e2e/headers/routes.spec.ts", "security headers: every route has them for every method, for guests and members"],
    ],
  },
  {
    number: "13.4.5",
    asks: "documentation and monitoring endpoints are exposed only intentionally",
    verdict: "met",
    evidence: [["e2e/contract/http.spec.ts", "health: the endpoints answer without a session and set no cookie"]],
    note: "Three public health endpoints report yes or no, for load balancers. There are no others.",
  },
  {
    number: "13.4.6",
    asks: "versions of backend components are not revealed",
    verdict: "met",
    evidence: [
      ["e2e/headers/routes.spec.ts", "security headers: every route has them for every method, for guests and members"],
      ["server/api/handler.db.test.ts", "is answered with 500, a request id and nothing else"],
      ["scripts/deployment.test.ts", "proxy recipes: send no version in the Server header"],
    ],
  },
];
