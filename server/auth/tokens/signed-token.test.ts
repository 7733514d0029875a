import { createHmac } from "node:crypto";
import { SignJWT, type JWTPayload } from "jose";
import { describe, expect, test } from "vitest";
import { numericDate, readSignedToken, signToken, type TokenKind } from "./signed-token";
import { keyRing, type TokenKey } from "./signing-keys";

const ORIGIN = "https://app.example.com";
const KIND: TokenKind = { type: "rt+jwt", requiredClaims: ["sid", "gen"] };
const NOW = new Date("2026-11-21T12:00:00Z");
const RING = keyRing("the secret of today, long enough for HS256");
const PREVIOUS_SECRET = "the secret of yesterday, which is as long";

const SECONDS = numericDate(NOW);
const CLAIMS = { iss: ORIGIN, aud: ORIGIN, sid: "s", gen: 1, iat: SECONDS, exp: SECONDS + 60 };
const HEADER = { alg: "HS256", typ: "rt+jwt", kid: RING.current.id };

const read = (token: string, now = NOW, ring = RING) => readSignedToken(KIND, ring, ORIGIN, token, now);
const sign = () => signToken(KIND, RING, ORIGIN, { sid: "s", gen: 1, iat: SECONDS, exp: SECONDS + 60 });

/** A token with any header and claims, and a valid signature. */
function forge(header: object, claims: object, { key }: TokenKey = RING.current, hash = "sha256"): string {
  const parts = [header, claims].map((part) => Buffer.from(JSON.stringify(part)).toString("base64url")).join(".");
  return `${parts}.${createHmac(hash, key).update(parts).digest("base64url")}`;
}

test("a signed token is read until it expires", async () => {
  const token = await sign();
  expect(token).toBe(await sign());
  expect(await read(token)).toEqual({ claims: CLAIMS, key: RING.current });
  expect(await read(token, new Date((SECONDS + 60) * 1000 - 1))).toMatchObject({ claims: CLAIMS });
  expect(await read(token, new Date((SECONDS + 60) * 1000))).toBe("expired");
  expect(await read(forge(HEADER, CLAIMS))).toMatchObject({ claims: CLAIMS });
});

describe("is rejected", () => {
  const without = (name: string) => Object.fromEntries(Object.entries(CLAIMS).filter(([claim]) => claim !== name));
  test.each<[string, string]>([
    ["the other kind of token", forge({ ...HEADER, typ: "at+jwt" }, CLAIMS)],
    ["a token without a kind", forge({ alg: "HS256", kid: HEADER.kid }, CLAIMS)],
    ["an ordinary JWT", forge({ ...HEADER, typ: "JWT" }, CLAIMS)],
    ["alg none", forge({ ...HEADER, alg: "none" }, CLAIMS)],
    ["alg none without a signature", forge({ ...HEADER, alg: "none" }, CLAIMS).replace(/[^.]*$/, "")],
    ["alg NONE", forge({ ...HEADER, alg: "NONE" }, CLAIMS)],
    ["HS512", forge({ ...HEADER, alg: "HS512" }, CLAIMS, RING.current, "sha512")],
    ["HS512 in the header only", forge({ ...HEADER, alg: "HS512" }, CLAIMS)],
    ["RS256", forge({ ...HEADER, alg: "RS256" }, CLAIMS)],
    ["no alg", forge({ typ: "rt+jwt", kid: HEADER.kid }, CLAIMS)],
    ["no kid", forge({ alg: "HS256", typ: "rt+jwt" }, CLAIMS)],
    ["an unknown kid", forge({ ...HEADER, kid: "unknown" }, CLAIMS)],
    ["a kid that is not a string", forge({ ...HEADER, kid: 7 }, CLAIMS)],
    ["a kid that every object has as a property", forge({ ...HEADER, kid: "__proto__" }, CLAIMS)],
    ["a critical extension", forge({ ...HEADER, crit: ["x"], x: 1 }, CLAIMS)],
    ["a key of its own", forge({ ...HEADER, jwk: { kty: "oct", k: "AAAA" } }, CLAIMS, keyRing("x".repeat(32)).current)],
    ["another issuer", forge(HEADER, { ...CLAIMS, iss: "https://evil.test" })],
    ["another audience", forge(HEADER, { ...CLAIMS, aud: "https://evil.test" })],
    ["an issuer with a slash", forge(HEADER, { ...CLAIMS, iss: `${ORIGIN}/` })],
    ["an exp that is a string", forge(HEADER, { ...CLAIMS, exp: String(CLAIMS.exp) })],
    ["an exp that is null", forge(HEADER, { ...CLAIMS, exp: null })],
    ["a start in the future", forge(HEADER, { ...CLAIMS, nbf: SECONDS + 10 })],
    ["claims that are a list", forge(HEADER, [CLAIMS])],
    ["claims that are a string", forge(HEADER, "claims" as never)],
    [
      "a retired secret",
      forge({ ...HEADER, kid: keyRing("x".repeat(40)).current.id }, CLAIMS, keyRing("x".repeat(40)).current),
    ],
    ["a retired secret with the current kid", forge(HEADER, CLAIMS, keyRing("x".repeat(40)).current)],
    ["more than 2 kB", forge(HEADER, { ...CLAIMS, more: "x".repeat(1600) })],
    ...["iss", "aud", "sid", "gen", "iat", "exp"].map((name): [string, string] => [
      `no ${name}`,
      forge(HEADER, without(name)),
    ]),
  ])("%s", async (_, token) => {
    expect(await read(token)).toBeNull();
  });

  test.each([
    "",
    ".",
    "..",
    "...",
    "a.b.c",
    "null",
    "undefined",
    "[object Object]",
    "{}",
    "eyJhbGciOiJIUzI1NiJ9",
    "eyJhbGciOiJIUzI1NiJ9..",
    `${"A".repeat(20)}.${"A".repeat(20)}.${"A".repeat(43)}`,
    `e30.e30.${"A".repeat(43)}`,
    `bnVsbA.bnVsbA.${"A".repeat(43)}`,
    "\0.\0.\0",
    "ä.ö.ü",
    "' or 1=1 --",
    "x".repeat(1_000_000),
    `${"A".repeat(2000)}.A.${"A".repeat(43)}`,
  ])("garbage %#", async (garbage) => {
    expect(await read(garbage)).toBeNull();
  });
});

describe("a token has one encoding", () => {
  const ALPHABET = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

  test("of all last characters, only the one that was signed is accepted", async () => {
    const token = await sign();
    const signature = (spelling: string) => Buffer.from(spelling.split(".")[2]!, "base64url").toString("hex");
    const spellings = [...ALPHABET].map((last) => token.slice(0, -1) + last);
    expect(spellings.filter((spelling) => signature(spelling) === signature(token))).toHaveLength(4);
    const accepted = [];
    for (const spelling of spellings) if ((await read(spelling)) !== null) accepted.push(spelling);
    expect(accepted).toEqual([token]);
  });

  test.each<[string, (token: string) => string]>([
    ["padding", (token) => `${token}=`],
    ["padding in the middle", (token) => token.replace(".", "=.")],
    ["a trailing space", (token) => `${token} `],
    ["a trailing newline", (token) => `${token}\n`],
    ["a leading space", (token) => ` ${token}`],
    ["a space within", (token) => token.replace(".", ". ")],
    ["an extra character", (token) => `${token}A`],
    ["a missing character", (token) => token.slice(0, -1)],
    ["a fourth part", (token) => `${token}.e30`],
    ["quotes", (token) => `"${token}"`],
    ["a percent-encoded dot", (token) => token.replace(".", "%2e")],
    ["standard base64", (token) => `${token.slice(0, -2)}+/`],
    ["other claims", (token) => token.replace(/\.[^.]*\./, `.${btoa(JSON.stringify({ ...CLAIMS, gen: 2 }))}.`)],
  ])("with %s it is rejected", async (_, respell) => {
    expect(await read(respell(await sign()))).toBeNull();
  });

  test("any changed character is detected", async () => {
    const token = await sign();
    for (let place = 0; place < token.length; place++) {
      const other = token[place] === "A" ? "B" : "A";
      const changed = token.slice(0, place) + other + token.slice(place + 1);
      expect(await read(changed), `character ${place}`).toBeNull();
    }
  });
});

describe("while secrets are being changed", () => {
  const before = keyRing(PREVIOUS_SECRET);
  const during = keyRing("the secret of tomorrow, quite long enough", PREVIOUS_SECRET);
  const after = keyRing("the secret of tomorrow, quite long enough");
  const claims: JWTPayload = { sid: "s", gen: 1, iat: SECONDS, exp: SECONDS + 60 };

  test("the previous one verifies, and the new one signs", async () => {
    const old = await signToken(KIND, before, ORIGIN, claims);
    const fresh = await signToken(KIND, during, ORIGIN, claims);
    expect(await read(old, NOW, during)).toMatchObject({ key: before.current });
    expect(await read(fresh, NOW, during)).toMatchObject({ key: after.current });
    expect(await read(fresh, NOW, after)).not.toBeNull();
    expect(await read(fresh, NOW, before)).toBeNull();
  });

  test("afterwards the previous one does not verify", async () => {
    expect(await read(await signToken(KIND, before, ORIGIN, claims), NOW, after)).toBeNull();
  });

  test("a key's id does not reveal the key, and differs between keys", () => {
    expect(before.current.id).toMatch(/^[\w-]{8}$/);
    expect(PREVIOUS_SECRET).not.toContain(before.current.id);
    expect(before.current.id).not.toBe(after.current.id);
  });
});

test("a key that cannot be used is a fault, not an invalid token", async () => {
  const broken = {
    current: RING.current,
    accepted: new Map([[RING.current.id, { ...RING.current, key: null as never }]]),
  };
  await expect(read(await sign(), NOW, broken)).rejects.toThrow();
});

test("a token signed by jose is identical to one assembled by hand", async () => {
  const token = await new SignJWT(CLAIMS).setProtectedHeader(HEADER).sign(RING.current.key);
  expect(token).toBe(forge(HEADER, CLAIMS));
});
