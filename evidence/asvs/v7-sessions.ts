import type { Claim } from "./claim";

const NO_FEDERATION = "There is no single sign-on: sessions begin and end only here.";

export const SESSIONS: Claim[] = [
  {
    number: "7.1.1",
    asks: "idle and absolute limits are documented and compared with NIST SP 800-63B",
    verdict: "met",
    evidence: [
      ["docs/security.md", "A password alone is AAL1, whose limits these are."],
      ["docs/security.test.ts", "security.md: session lifetimes and the minimum password length are those of the code"],
    ],
  },
  {
    number: "7.1.2",
    asks: "the number of concurrent sessions, and the behaviour beyond it, are documented",
    verdict: "met",
    evidence: [["docs/security.md", "**At most 100 live sessions** per account"]],
  },
  { number: "7.1.3", asks: "federated sessions are documented", verdict: "not applicable", because: NO_FEDERATION },
  {
    number: "7.2.1",
    asks: "tokens are checked by the server",
    verdict: "met",
    evidence: [
      ["server/auth/gate/require-caller.db.test.ts", "is not shown with a token that another client presents"],
      ["server/auth/tokens/signed-token.test.ts", "any changed character is detected"],
    ],
  },
  {
    number: "7.2.2",
    asks: "sessions use dynamically generated tokens, not static keys",
    verdict: "met",
    evidence: [
      ["server/auth/tokens/access-token.test.ts", "a token names user, session, authentication time and expiry"],
    ],
  },
  {
    number: "7.2.3",
    asks: "reference tokens are random, with 128 bits",
    verdict: "met",
    evidence: [["server/auth/tokens/refresh-token.test.ts", "nonces have 128 bits and do not repeat"]],
    note: "They are also signed.",
  },
  {
    number: "7.2.4",
    asks: "signing in issues a new token and ends the previous one",
    verdict: "met",
    evidence: [["e2e/contract/procedures.spec.ts", "procedures: a login ends the session whose cookies it presented"]],
  },
  {
    number: "7.3.1",
    asks: "an idle session ends after a time limit",
    verdict: "met",
    evidence: [
      [
        "server/auth/sessions/refresh.db.test.ts",
        "a session used every six days lives until its absolute limit, and no longer",
      ],
      ["db/tables/sessions.db.test.ts", "idle expiry never exceeds absolute expiry, neither on insert nor on rotation"],
    ],
  },
  {
    number: "7.3.2",
    asks: "a session ends after an absolute time",
    verdict: "met",
    evidence: [
      [
        "server/auth/sessions/refresh.db.test.ts",
        "a session used every six days lives until its absolute limit, and no longer",
      ],
      ["server/auth/tokens/access-token.test.ts", "no token outlives its session"],
    ],
  },
  {
    number: "7.4.1",
    asks: "an ended session cannot be used any longer, including self-contained tokens",
    verdict: "met",
    evidence: [
      [
        "server/auth/sessions/revocation-feed.db.test.ts",
        "a started feed knows within two seconds what was revoked elsewhere",
      ],
      [
        "server/auth/sessions/revocation-feed.db.test.ts",
        "is refused at once where it was revoked, and elsewhere with the next read",
      ],
      [
        "db/tables/revocations.db.test.ts",
        "a refresh never reactivates a session, in any order of a race with its revocation",
      ],
      ["e2e/back.spec.ts", "Back after signing out shows no private page"],
    ],
  },
  {
    number: "7.4.2",
    asks: "disabling or deleting an account ends its sessions",
    verdict: "met",
    evidence: [
      [
        "server/auth/sessions/disabled-account.db.test.ts",
        "the documented statements end every session of the account at once, and prevent logins",
      ],
      ["server/auth/sessions/refresh.db.test.ts", "a disabled user's session ends with its next refresh, permanently"],
    ],
    note: "By SQL statements of an operator: the product has no function for it. `disabled_at` alone takes effect with the next refresh, within `ACCESS_TOKEN_SECONDS`.",
  },
  {
    number: "7.4.3",
    asks: "after a change of password all other sessions can be ended",
    verdict: "met",
    evidence: [
      [
        "server/auth/login/change-password.db.test.ts",
        "password change: revokes every other session at once and keeps the caller signed in",
      ],
    ],
    note: "They are ended automatically.",
  },
  {
    number: "7.4.4",
    asks: "every private page has a logout button",
    verdict: "met",
    evidence: [
      [
        "e2e/privacy.spec.ts",
        "private pages: each shows a sign-out button, stores nothing in the browser and sends requests only to its own origin",
      ],
    ],
  },
  {
    number: "7.4.5",
    asks: "administrators can end the sessions of one user or of all",
    verdict: "not met",
    takes:
      "Roles and an admin console, planned. Operators can use SQL: every instance follows `revoked_at` within 2 seconds.",
    evidence: [
      [
        "server/auth/sessions/disabled-account.db.test.ts",
        "the documented statements end every session of the account at once, and prevent logins",
      ],
    ],
  },
  {
    number: "7.5.1",
    asks: "attributes used for authentication are changed only after authenticating again",
    verdict: "met",
    evidence: [
      ["e2e/account.spec.ts", "account: a wrong current password shows its error at the field and keeps the input"],
      [
        "server/auth/login/change-password.db.test.ts",
        "password change: wrong current passwords are counted, also concurrent ones",
      ],
    ],
    note: "The password is the only such attribute; the email cannot be changed.",
  },
  {
    number: "7.5.2",
    asks: "users see their sessions and can end any of them after authenticating again",
    verdict: "not met",
    takes:
      "Step-up. Users see and end sessions without the password by decision: an owner who finds an unknown device must be able to act at once, and ending a session gives a thief nothing.",
    evidence: [
      [
        "e2e/devices.spec.ts",
        "devices: another browser appears in the list and loses access at once when it is signed out there",
      ],
    ],
  },
  {
    number: "7.6.1",
    asks: "sessions here and at a provider end together as agreed",
    verdict: "not applicable",
    because: NO_FEDERATION,
  },
  {
    number: "7.6.2",
    asks: "no session begins without an action of the user",
    verdict: "met",
    evidence: [
      [
        "e2e/contract/http.spec.ts",
        "methods: GET executes no mutation, and methods that are not listed are answered 405",
      ],
    ],
  },
];
