import { hashSync } from "@node-rs/argon2";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { hashPassword, needsRehash, passwordMatches } from "./password";
import { Refusal } from "@/server/auth/policy/refusals";
import { cpuMilliseconds } from "@/server/auth/testing";

const SALT = "A".repeat(22);
const DIGEST = "A".repeat(43);
const hashed = (parameters: string, rest = `${SALT}$${DIGEST}`) => `$argon2id$v=19$${parameters}$${rest}`;

describe("a password hash", () => {
  test("is salted argon2id with 19 MiB and two passes, and fits its column", async () => {
    const [one, other] = await Promise.all([hashPassword("correct horse"), hashPassword("correct horse")]);
    expect(one).toMatch(/^\$argon2id\$v=19\$m=19456,t=2,p=1\$[A-Za-z0-9+/]{22}\$[A-Za-z0-9+/]{43}$/);
    expect(one).not.toBe(other);
    expect(needsRehash(one)).toBe(false);
  });

  test("matches every Unicode form of its password, and no other password", async () => {
    const stored = await hashPassword("Caf\u00e9 \ufb01ve \u{1f510}");
    expect(await passwordMatches(stored, "Cafe\u0301 five \u{1f510}")).toBe(true);
    for (const other of ["", "café five \u{1f510}", "Caf\u00e9 \ufb01ve \u{1f511}", "Caf\u00e9 \ufb01ve \u{1f510} "]) {
      expect(await passwordMatches(stored, other)).toBe(false);
    }
  });

  test("depends on every character: the 73rd byte, characters after a NUL, the last of 128", async () => {
    const long = "p".repeat(127);
    const [past72, pastNul] = await Promise.all([hashPassword(`${long}a`), hashPassword("before\0after")]);
    expect(await passwordMatches(past72, `${long}b`)).toBe(false);
    expect(await passwordMatches(past72, long.slice(0, 72))).toBe(false);
    expect(await passwordMatches(pastNul, "before\0other")).toBe(false);
    expect(await passwordMatches(pastNul, "before")).toBe(false);
  });

  test("is not made for a lone surrogate, which matches no hash", async () => {
    await expect(hashPassword("correct \ud800 horse")).rejects.toThrow(TypeError);
    const stored = await hashPassword("correct \ufffd horse");
    expect(await passwordMatches(stored, "correct \ud800 horse")).toBe(false);
    expect(await passwordMatches(stored, "correct \udfff horse")).toBe(false);
  });
});

describe("a stored hash that is invalid or of another kind", () => {
  test.each([
    ["nothing", undefined],
    ["an empty one", ""],
    ["plain text", "correct horse"],
    ["bcrypt", "$2b$10$N9qo8uLOickgx2ZMRZoMyeIjZAgcfl7p92ldGxad68LJZdL17lhWy"],
    ["a missing digest", hashed("m=19456,t=2,p=1", SALT)],
    ["a short digest", hashed("m=19456,t=2,p=1", `${SALT}$AAAA`)],
    ["a short salt", hashed("m=19456,t=2,p=1", `AA$${DIGEST}`)],
    ["broken base64", hashed("m=19456,t=2,p=1", `${SALT.slice(1)}$${DIGEST.slice(1)}`)],
    ["no passes", hashed("m=19456,t=0,p=1")],
    ["too little memory", hashed("m=1,t=2,p=1")],
    ["4 TiB of memory", hashed("m=4294967295,t=2,p=1")],
    ["a billion passes", hashed("m=19456,t=1000000000,p=1")],
    ["another argon2 variant", hashSync("correct horse", { algorithm: 1, memoryCost: 8, timeCost: 1 })],
    ["the decoy hash for unknown emails", hashed("m=19456,t=2,p=1")],
  ])("matches no password: %s", async (_, stored) => {
    expect(await passwordMatches(stored, "correct horse")).toBe(false);
  });

  test("causes no exception, whatever its content", async () => {
    const said = fc.oneof(
      fc.string(),
      fc.string({ unit: "binary" }),
      fc.stringMatching(/^\$argon2id\$v=\d+\$[mtp=,\d]+\$/),
    );
    await fc.assert(
      fc.asyncProperty(said, async (stored) => {
        expect(needsRehash(stored)).toBe(true);
        expect(await passwordMatches(stored, "correct horse")).toBe(false);
      }),
      { numRuns: 30 },
    );
  });
});

describe("hashes with outdated parameters", () => {
  const yesterdays = [
    { memoryCost: 4096 },
    { timeCost: 3 },
    { parallelism: 2 },
    { outputLen: 16 },
    { salt: Buffer.alloc(8, 1) },
    { version: 0 },
  ];
  test.each(yesterdays)("still match, and need a rehash: %o", async (other) => {
    const stored = hashSync("correct horse", other);
    expect(await passwordMatches(stored, "correct horse")).toBe(true);
    expect(await passwordMatches(stored, "wrong horse")).toBe(false);
    expect(needsRehash(stored)).toBe(true);
  });
});

test("an unknown email costs as much processor time as a wrong password", async () => {
  const stored = await hashPassword("correct horse");
  const cost = (of: string | undefined) => cpuMilliseconds(() => passwordMatches(of, "wrong horse"));
  // Measured alternately, so that other load affects both alike; the median ignores outliers.
  const known: number[] = [];
  const unknown: number[] = [];
  for (let i = 0; i < 15; i += 1) {
    known.push(await cost(stored));
    unknown.push(await cost(undefined));
  }
  const ratio = median(unknown) / median(known);
  expect(ratio).toBeGreaterThan(0.6);
  expect(ratio).toBeLessThan(1.67);
});

test("of 256 concurrent hashes those within the limits are made, and the others refused with Retry-After", async () => {
  const outcomes = await Promise.allSettled(Array.from({ length: 256 }, () => hashPassword("correct horse")));
  const refusals = outcomes.flatMap((outcome) => (outcome.status === "rejected" ? [outcome.reason as unknown] : []));
  expect(refusals.length).toBeGreaterThanOrEqual(190);
  expect(refusals.length).toBeLessThan(256);
  for (const refusal of refusals) {
    expect(refusal).toBeInstanceOf(Refusal);
    expect(refusal).toMatchObject({ reason: "UNAVAILABLE", details: { retryAfterSeconds: 4 } });
  }
  expect(await passwordMatches(undefined, "after the storm")).toBe(false);
});

function median(values: number[]): number {
  return values.toSorted((one, other) => one - other)[Math.floor(values.length / 2)] ?? NaN;
}
