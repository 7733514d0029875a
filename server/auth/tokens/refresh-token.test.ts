import "@/server/runtime/testing-env";
import { decodeJwt, type JWTPayload } from "jose";
import { describe, expect, test } from "vitest";
import { mintAccessToken } from "./access-token";
import { serializeCookie } from "./cookies";
import { secondsAfter } from "@/server/auth/policy/lifetimes";
import { mintRefreshToken, newNonce, readRefreshToken, successorNonce, type IssuedRefreshToken } from "./refresh-token";
import { signToken } from "./signed-token";
import { ADA, anotherInstance } from "@/server/auth/testing";
import { keyRing, tokenKeys } from "./signing-keys";

const NOW = new Date("2026-11-21T12:00:00.123Z");
const ISSUED: IssuedRefreshToken = {
  sessionId: "0193500e-5a11-7e10-8000-000000000001",
  generation: 3,
  nonce: newNonce(),
  previousNonce: newNonce(),
  issuedAt: NOW,
  expiresAt: secondsAfter(NOW, 604_800),
};
const CONTENTS = {
  sessionId: ISSUED.sessionId,
  generation: 3,
  nonce: ISSUED.nonce,
  previousNonce: ISSUED.previousNonce,
  issuedAt: new Date("2026-11-21T12:00:00Z"),
  expiresAt: new Date("2026-11-28T12:00:00Z"),
};
const PRESENTED = { ...CONTENTS, key: tokenKeys().refresh.current };

test("a token names session, generation, nonce and the nonce before it, and from when until when it is valid", async () => {
  expect(await readRefreshToken(await mintRefreshToken(ISSUED), NOW)).toEqual(PRESENTED);
});

test("the same row gives the identical token", async () => {
  const again = { ...ISSUED, issuedAt: new Date(ISSUED.issuedAt), expiresAt: new Date(ISSUED.expiresAt) };
  expect(await mintRefreshToken(again)).toBe(await mintRefreshToken(ISSUED));
});

test("tokens of one second differ by generation and nonce", async () => {
  const rows = [ISSUED, { ...ISSUED, generation: 4 }, { ...ISSUED, nonce: newNonce() }];
  expect(new Set(await Promise.all(rows.map(mintRefreshToken))).size).toBe(3);
});

test("nonces have 128 bits and do not repeat", () => {
  const nonces = Array.from({ length: 1000 }, newNonce);
  expect(new Set(nonces).size).toBe(1000);
  for (const nonce of nonces) expect(Buffer.from(nonce, "base64url")).toHaveLength(16);
});

test.each([
  ["a session's first token", mintRefreshToken({ ...ISSUED, generation: 0, previousNonce: null })],
  ["a token of a version that did not name it", mintRefreshToken({ ...ISSUED, previousNonce: null })],
])("%s has no predecessor", async (_, token) => {
  expect(decodeJwt(await token)).not.toHaveProperty("prv");
  expect(await readRefreshToken(await token, NOW)).toMatchObject({ nonce: ISSUED.nonce, previousNonce: null });
});

describe("the successor's nonce", () => {
  const { current } = tokenKeys().refresh;
  const row = { id: ISSUED.sessionId, generation: 3, currentNonce: ISSUED.nonce };

  test("is a function of the row, with 128 bits", () => {
    const nonce = successorNonce(row, current);
    expect(successorNonce({ ...row }, current)).toBe(nonce);
    expect(Buffer.from(nonce, "base64url")).toHaveLength(16);
    expect(nonce).toHaveLength(22);
  });

  test("differs by session, generation, nonce and key", () => {
    const nonces = [
      successorNonce(row, current),
      successorNonce({ ...row, id: "0193500e-5a11-7e10-8000-000000000002" }, current),
      successorNonce({ ...row, generation: 4 }, current),
      successorNonce({ ...row, currentNonce: ISSUED.previousNonce! }, current),
      successorNonce(row, keyRing("the session secret after the change, long").current),
    ];
    expect(new Set(nonces).size).toBe(nonces.length);
    expect(nonces).not.toContain(ISSUED.nonce);
  });

  test("is not made with the key that signs tokens", () => {
    const { key, successorKey } = current;
    expect(successorKey.equals(key)).toBe(false);
    const { successorKey: other } = tokenKeys().access.current;
    expect(successorKey.equals(other)).toBe(false);
  });

  test("is the same on instances that have the presented token's secret as the present or the previous one", async () => {
    const load = () => import("./refresh-token");
    const SESSION_SECRET = "the session secret after the change, long";
    const during = { SESSION_SECRET, SESSION_SECRET_PREVIOUS: process.env.SESSION_SECRET! };
    const changed = await anotherInstance(load, during);
    const token = await mintRefreshToken(ISSUED);
    const nonces = await Promise.all(
      [{ readRefreshToken, successorNonce }, changed].map(async (instance) => {
        const presented = await instance.readRefreshToken(token, NOW);
        if (presented === null || presented === "expired") throw new Error("The token was not read.");
        return instance.successorNonce(row, presented.key);
      }),
    );
    expect(nonces[1]).toBe(nonces[0]);
  });
});

test("an expired token is reported as expired, without its contents", async () => {
  const token = await mintRefreshToken(ISSUED);
  expect(await readRefreshToken(token, secondsAfter(NOW, 604_799))).toEqual(PRESENTED);
  expect(await readRefreshToken(token, secondsAfter(NOW, 604_800))).toBe("expired");
});

const claims = decodeJwt(await mintRefreshToken(ISSUED));

describe("is not a refresh token", () => {
  const { access, refresh } = tokenKeys();
  const sign = (changes: JWTPayload, ring = refresh, type: "at+jwt" | "rt+jwt" = "rt+jwt") =>
    signToken(
      { type, requiredClaims: [] },
      ring,
      "http://localhost:3000",
      JSON.parse(JSON.stringify({ ...claims, ...changes })),
    );

  test.each<[string, Promise<string>]>([
    ["one of another kind", sign({}, refresh, "at+jwt")],
    ["one signed with the key of access tokens", sign({}, access)],
    ["one of another origin", sign({ iss: "https://evil.test" })],
    ["one without a session", sign({ sid: undefined })],
    ["one without a generation", sign({ gen: undefined })],
    ["one without a nonce", sign({ non: undefined })],
    ["one without exp", sign({ exp: undefined })],
    ["one without iat", sign({ iat: undefined })],
    ["a session that is not a UUID", sign({ sid: "1 or 1=1" })],
    ["a session that is a pattern", sign({ sid: "%" })],
    ["a session that is an object", sign({ sid: { id: ISSUED.sessionId } })],
    ["a negative generation", sign({ gen: -1 })],
    ["a generation that is text", sign({ gen: "3" })],
    ["a fractional generation", sign({ gen: 3.5 })],
    ["a nonce too short", sign({ non: "short" })],
    ["a nonce that is an object", sign({ non: {} })],
    ["a previous nonce too short", sign({ prv: "short" })],
    ["a previous nonce that is an object", sign({ prv: {} })],
    ["a previous nonce that is null", sign({ prv: null })],
    ["a fractional iat", sign({ iat: 1_700_000_000.5 })],
  ])("%s", async (_, token) => {
    expect(await readRefreshToken(await token, NOW)).toBeNull();
  });

  test("an access token", async () => {
    const subject = {
      user: { id: "user", email: "ada@example.test", fullName: "Ada", role: "user" },
      sessionId: ISSUED.sessionId,
      isEmailVerified: false,
      authenticatedAt: NOW,
      authenticationMethods: ["pwd"],
      absoluteExpiresAt: ISSUED.expiresAt,
    };
    expect(await readRefreshToken((await mintAccessToken(subject, ADA, NOW)).token, NOW)).toBeNull();
  });
});

test("while the secret is being changed the previous one verifies and does not sign", async () => {
  const load = () => import("./refresh-token");
  const SESSION_SECRET = "the session secret after the change, long";
  const changed = await anotherInstance(load, { SESSION_SECRET, SESSION_SECRET_PREVIOUS: process.env.SESSION_SECRET! });
  expect(await changed.readRefreshToken(await mintRefreshToken(ISSUED), NOW)).toEqual({
    ...CONTENTS,
    key: expect.anything(),
  });
  expect(await readRefreshToken(await changed.mintRefreshToken(ISSUED), NOW)).toBeNull();

  const later = await anotherInstance(load, { SESSION_SECRET });
  expect(await later.readRefreshToken(await mintRefreshToken(ISSUED), NOW)).toBeNull();
  expect(await later.readRefreshToken(await changed.mintRefreshToken(ISSUED), NOW)).toEqual({
    ...CONTENTS,
    key: expect.anything(),
  });
});

test("both cookies together stay under 2.5 kB, with the longest name, email and origin", async () => {
  const load = async () => ({
    ...(await import("@/server/auth/sessions/issue-tokens")),
    ...(await import("./access-token")),
    ...(await import("./refresh-token")),
  });
  const instance = await anotherInstance(load, { APP_ORIGIN: `https://${"o".repeat(63)}.example.com:65535` });
  const longest = {
    id: ISSUED.sessionId,
    userId: ISSUED.sessionId,
    email: `${"😀".repeat(60)}@example.te`,
    fullName: "🏴".repeat(100),
    role: "x".repeat(16),
    remember: true,
    generation: 4_294_967_295,
    currentNonce: ISSUED.nonce,
    previousNonce: ISSUED.previousNonce,
    rotatedAt: NOW,
    handedAt: NOW,
    createdAt: NOW,
    emailVerifiedAt: null,
    authenticatedAt: NOW,
    authenticationMethods: "pop user mfa",
    lastSeenAt: NOW,
    idleExpiresAt: ISSUED.expiresAt,
    absoluteExpiresAt: ISSUED.expiresAt,
    revokedAt: null,
    userDisabledAt: null,
    ip: ADA.address,
    userAgent: ADA.userAgent,
    browser: ADA.browser,
    os: ADA.os,
    deviceType: ADA.type,
  };
  const { cookies } = await instance.issueTokens(longest, ADA, NOW);
  const sent = cookies.map(({ name, value }) => `${name}=${value}`).join("; ");
  expect(sent.length).toBeLessThan(2500);
  expect(await instance.readAccessToken(cookies[0]!.value, ADA, NOW)).toMatchObject({ user: { email: longest.email } });
  expect(await instance.readRefreshToken(cookies[1]!.value, NOW)).toMatchObject({ generation: 4_294_967_295 });
  expect(serializeCookie(cookies[1]!)).toContain("Max-Age=604800");
});
