import type { Claim } from "./claim";

export const TOKENS: Claim[] = [
  {
    number: "9.1.1",
    asks: "a token's signature is verified before its contents are used",
    verdict: "met",
    evidence: [
      ["server/auth/tokens/signed-token.test.ts", "any changed character is detected"],
      ["server/auth/sessions/refresh.db.test.ts", "and forges a token changes nothing, and no statement is sent"],
    ],
  },
  {
    number: "9.1.2",
    asks: "only algorithms on an allowlist, without `none`",
    verdict: "met",
    evidence: [
      ["server/auth/tokens/signed-token.test.ts", "alg none"],
      ["server/auth/tokens/signed-token.test.ts", "HS512"],
      ["server/auth/tokens/signed-token.test.ts", "RS256"],
    ],
    note: "HS256 only.",
  },
  {
    number: "9.1.3",
    asks: "keys come from the configuration, never from the token",
    verdict: "met",
    evidence: [
      ["server/auth/tokens/signed-token.test.ts", "a key of its own"],
      ["server/auth/tokens/signed-token.test.ts", "an unknown kid"],
    ],
  },
  {
    number: "9.2.1",
    asks: "a token is valid only within its time span",
    verdict: "met",
    evidence: [
      ["server/auth/tokens/signed-token.test.ts", "a signed token is read until it expires"],
      ["server/auth/tokens/signed-token.test.ts", "a start in the future"],
    ],
  },
  {
    number: "9.2.2",
    asks: "a token of another kind is not accepted",
    verdict: "met",
    evidence: [
      ["server/auth/tokens/signed-token.test.ts", "the other kind of token"],
      ["server/auth/tokens/access-token.test.ts", "a refresh token, even with the key of access tokens"],
    ],
  },
  {
    number: "9.2.3",
    asks: "a token for another service is not accepted",
    verdict: "met",
    evidence: [
      ["server/auth/tokens/signed-token.test.ts", "another audience"],
      ["server/auth/tokens/access-token.test.ts", "a token of another origin is rejected"],
    ],
  },
  {
    number: "9.2.4",
    asks: "one key for several services: each token names its audience",
    verdict: "met",
    evidence: [["server/auth/tokens/signed-token.test.ts", "another audience"]],
    note: "`aud` is the origin, required and compared, which also holds if a key is shared by mistake.",
  },
];
