import type { Claim } from "./claim";

const NO_SECOND_FACTOR = "There is no second factor yet (6.3.3).";
const NO_OUT_OF_BAND = "No confirmation by phone, message or mail exists.";
const NO_PROVIDER = "There is no sign-in through an identity provider.";

export const AUTHENTICATION: Claim[] = [
  {
    number: "6.1.1",
    asks: "how guessing is prevented, and malicious lockout, is documented",
    verdict: "met",
    evidence: [
      ["docs/security.md", "**Other people's failures do not lock the owner out.**"],
      ["docs/security.test.ts", "security.md: the limit is that of the code: %s"],
    ],
  },
  {
    number: "6.1.2",
    asks: "context-specific words that must not be used in passwords are listed",
    verdict: "met",
    evidence: [
      ["docs/security.md", "Words of the context do not count as strength"],
      ["server/auth/policy/password-rules.ts", "export const PRODUCT_WORDS"],
    ],
  },
  {
    number: "6.1.3",
    asks: "all authentication paths are documented, with their strength",
    verdict: "not applicable",
    because: "The only authentication path is email and password.",
  },
  {
    number: "6.2.1",
    asks: "passwords have at least 8 characters; 15 recommended",
    verdict: "met",
    evidence: [
      ["server/auth/policy/password-rules.test.ts", "nine letters"],
      ["docs/security.test.ts", "security.md: session lifetimes and the minimum password length are those of the code"],
    ],
    note: "10 by default, never fewer than 8; `PASSWORD_MIN_LENGTH=15` sets 15.",
  },
  {
    number: "6.2.2",
    asks: "people can change their password",
    verdict: "met",
    evidence: [
      [
        "e2e/account.spec.ts",
        "account: changing the password signs out every other device and invalidates the old password",
      ],
    ],
  },
  {
    number: "6.2.3",
    asks: "a password change requires the current and the new one",
    verdict: "met",
    evidence: [
      ["e2e/account.spec.ts", "account: a wrong current password shows its error at the field and keeps the input"],
    ],
  },
  {
    number: "6.2.4",
    asks: "new passwords are compared with the 3,000 most common that the policy would allow",
    verdict: "met",
    evidence: [
      ["server/auth/passwords/password-strength.test.ts", "is refused if it is one of 45,000 leaked ones"],
      ["server/auth/passwords/password-strength.test.ts", "is refused as common: %s"],
    ],
    note: "45,338 of ten characters and more; of shorter ones, the estimator's 49,233 most common.",
  },
  {
    number: "6.2.5",
    asks: "any composition is allowed, none required",
    verdict: "met",
    evidence: [
      ["server/auth/policy/password-rules.test.ts", "is good: %s"],
      ["server/auth/passwords/password-strength.test.ts", "is accepted: %s"],
    ],
  },
  {
    number: "6.2.6",
    asks: "password fields mask the input; it can be shown",
    verdict: "met",
    evidence: [["e2e/login.spec.ts", "login: the password can be shown and hidden again"]],
  },
  {
    number: "6.2.7",
    asks: "pasting and password managers work",
    verdict: "met",
    evidence: [["app/markup.test.ts", "no field blocks pasting or password managers"]],
  },
  {
    number: "6.2.8",
    asks: "the password is checked exactly as received: not truncated, case unchanged",
    verdict: "met",
    evidence: [
      ["server/auth/login/inputs.test.ts", "passwords are passed on unchanged, including blanks"],
      [
        "server/auth/passwords/password.test.ts",
        "depends on every character: the 73rd byte, characters after a NUL, the last of 128",
      ],
    ],
    note: "NFKC only: two keyboards may encode one text differently (NIST SP 800-63B recommends it).",
  },
  {
    number: "6.2.9",
    asks: "64 characters and more are allowed",
    verdict: "met",
    evidence: [
      [
        "server/auth/passwords/password.test.ts",
        "depends on every character: the 73rd byte, characters after a NUL, the last of 128",
      ],
    ],
    note: "128.",
  },
  {
    number: "6.2.10",
    asks: "passwords do not expire periodically",
    verdict: "met",
    evidence: [
      ["docs/security.md", "of any kind; none expires"],
      ["db/migrations/2026-11-21T1000-create-users.ts", "password_hash"],
    ],
    note: "No column stores when a password was set.",
  },
  {
    number: "6.2.11",
    asks: "new passwords are checked against the context-specific words",
    verdict: "met",
    evidence: [
      ["server/auth/passwords/password-strength.test.ts", "Portcullis-1!"],
      ["server/auth/passwords/password-strength.test.ts", "is judged with the name and email of its user"],
    ],
  },
  {
    number: "6.2.12",
    asks: "new passwords are checked against a set of breached ones",
    verdict: "met",
    evidence: [
      [
        "server/auth/passwords/password-strength.test.ts",
        "is refused because it was leaked, whatever its estimate: %s",
      ],
      ["server/auth/passwords/password-strength.test.ts", "is refused if it is one of 45,000 leaked ones"],
    ],
    note: "A shipped set of 45,338. The hundreds of millions of Have I Been Pwned would need gigabytes, or a service that would learn when accounts are registered.",
  },
  {
    number: "6.3.1",
    asks: "guessing is prevented as documented",
    verdict: "met",
    evidence: [
      [
        "server/auth/login/login-limits.db.test.ts",
        "of a hundred concurrent guesses with one attempt left exactly one is evaluated",
      ],
      ["server/auth/login/login-limits.db.test.ts", "failures from unknown devices do not lock out a known device"],
      [
        "server/auth/login/login-limits.db.test.ts",
        "one address has ten attempts a minute for any email, right or wrong; other addresses are not affected",
      ],
      [
        "e2e/rate-limits.spec.ts",
        "rate limit: an address may attempt ten logins a minute despite forged forwarding headers, and the form then shows how long to wait",
      ],
    ],
  },
  {
    number: "6.3.2",
    asks: "there are no default accounts",
    verdict: "met",
    evidence: [["db/no-accounts.test.ts", "no migration inserts an account or creates a database user"]],
  },
  {
    number: "6.3.3",
    asks: "multi-factor authentication is required",
    verdict: "not met",
    takes:
      "TOTP or passkeys: a table of authenticators, a step between password and session, recovery codes, and step-up. Planned, without stubs.",
  },
  {
    number: "6.3.4",
    asks: "all authentication paths are documented and equally strong",
    verdict: "met",
    evidence: [["server/api/router.test.ts", "the router has exactly the procedures of the contract"]],
    note: "One path; only `register` and `login` open a session.",
  },
  {
    number: "6.4.1",
    asks: "initial passwords and codes are random and short-lived",
    verdict: "not applicable",
    because: "The system issues none.",
  },
  {
    number: "6.4.2",
    asks: "no hints and no secret questions",
    verdict: "met",
    evidence: [["server/api/router.test.ts", "the router has exactly the procedures of the contract"]],
  },
  {
    number: "6.4.3",
    asks: "a forgotten password can be reset safely",
    verdict: "not met",
    takes:
      "Mail: a verified address, a single-use token valid for minutes with its own limit, and the end of all sessions. Planned.",
  },
  {
    number: "6.4.4",
    asks: "a lost factor is replaced only after identity proofing",
    verdict: "not applicable",
    because: NO_SECOND_FACTOR,
  },
  { number: "6.5.1", asks: "codes work once", verdict: "not applicable", because: NO_SECOND_FACTOR },
  {
    number: "6.5.2",
    asks: "short recovery codes are stored as slow hashes",
    verdict: "not applicable",
    because: NO_SECOND_FACTOR,
  },
  { number: "6.5.3", asks: "codes and seeds are random", verdict: "not applicable", because: NO_SECOND_FACTOR },
  { number: "6.5.4", asks: "codes have at least 20 bits", verdict: "not applicable", because: NO_SECOND_FACTOR },
  {
    number: "6.5.5",
    asks: "codes are valid for minutes, or half a minute",
    verdict: "not applicable",
    because: NO_SECOND_FACTOR,
  },
  {
    number: "6.6.1",
    asks: "codes by phone only with a warning and a stronger alternative",
    verdict: "not applicable",
    because: NO_OUT_OF_BAND,
  },
  {
    number: "6.6.2",
    asks: "a code is bound to the request it was made for",
    verdict: "not applicable",
    because: NO_OUT_OF_BAND,
  },
  { number: "6.6.3", asks: "guessing of codes is rate limited", verdict: "not applicable", because: NO_OUT_OF_BAND },
  {
    number: "6.8.1",
    asks: "one identity provider cannot assert users of another",
    verdict: "not applicable",
    because: NO_PROVIDER,
  },
  {
    number: "6.8.2",
    asks: "assertions are accepted only with a valid signature",
    verdict: "not applicable",
    because: NO_PROVIDER,
  },
  { number: "6.8.3", asks: "an assertion works once", verdict: "not applicable", because: NO_PROVIDER },
  {
    number: "6.8.4",
    asks: "the provider's authentication strength is requested and checked",
    verdict: "not applicable",
    because: NO_PROVIDER,
  },
];
