import type { Claim } from "./claim";

export const AUTHORIZATION: Claim[] = [
  {
    number: "8.1.1",
    asks: "who may call each function, on whose data, is documented",
    verdict: "met",
    evidence: [
      ["docs/security.md", "Closed by default"],
      ["docs/security.test.ts", "security.md: the table of permissions lists exactly the procedures of the router"],
    ],
  },
  {
    number: "8.1.2",
    asks: "who may read and set each field is documented",
    verdict: "met",
    evidence: [["docs/security.md", "No procedure reads or sets: password hash, nonces, epoch"]],
  },
  {
    number: "8.2.1",
    asks: "functions require permission",
    verdict: "met",
    evidence: [
      ["server/api/router.test.ts", "requires a caller before it validates the input"],
      ["server/api/router.test.ts", "a public procedure that is missing from the facts table refuses every call"],
      [
        "e2e/contract/procedures.spec.ts",
        "procedures: a signed-out caller is rejected by every procedure that is not public",
      ],
    ],
  },
  {
    number: "8.2.2",
    asks: "data requires permission, whatever id is sent",
    verdict: "met",
    evidence: [
      [
        "e2e/contract/procedures.spec.ts",
        "procedures: revoking another user's session returns the same error as revoking one that does not exist",
      ],
      [
        "db/tables/revocations.db.test.ts",
        "revoking another user's session has the same result as revoking an unknown one",
      ],
    ],
  },
  {
    number: "8.2.3",
    asks: "fields require permission",
    verdict: "met",
    evidence: [
      ["server/api/router.test.ts", "refuses unknown input without a database statement"],
      ["e2e/contract/procedures.spec.ts", "procedures: each returns exactly the shape of the contract"],
    ],
  },
  {
    number: "8.3.1",
    asks: "access control is enforced on the server, not in the browser",
    verdict: "met",
    evidence: [
      ["server/api/router.test.ts", "requires a caller before it validates the input"],
      ["server/auth/gate/require-caller.db.test.ts", "is not shown to a session that was just revoked"],
    ],
    note: "Page and procedure check the caller themselves, whatever the middleware decided.",
  },
  {
    number: "8.4.1",
    asks: "tenants are isolated",
    verdict: "not applicable",
    because: "There are no tenants: every row belongs to one user.",
  },
];
