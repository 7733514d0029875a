import "@/server/runtime/testing-env";
import { decodeJwt, decodeProtectedHeader } from "jose";
import { describe, expect, test } from "vitest";
import { mintAccessToken, readAccessToken, type AccessSubject } from "./access-token";
import { secondsAfter } from "@/server/auth/policy/lifetimes";
import { signToken } from "./signed-token";
import { ADA, anotherInstance, clientAt, MALLORY } from "@/server/auth/testing";
import { tokenKeys } from "./signing-keys";

const ORIGIN = "http://localhost:3000";
const NOW = new Date("2026-11-21T12:00:00.700Z");
const SECOND = new Date("2026-11-21T12:00:00.000Z");
const SUBJECT: AccessSubject = {
  user: { id: "user", email: "ada@example.test", fullName: "Ada 🎩 Lovelace", role: "user" },
  isEmailVerified: false,
  sessionId: "session",
  authenticatedAt: new Date("2026-11-20T08:30:00.000Z"),
  authenticationMethods: ["pwd", "otp", "mfa"],
  absoluteExpiresAt: secondsAfter(NOW, 86_400),
};

const mint = (now = NOW, subject = SUBJECT) => mintAccessToken(subject, ADA, now);

test("a token names user, session, authentication time and expiry", async () => {
  const { token, access } = await mint();
  expect(access).toEqual({
    user: SUBJECT.user,
    isEmailVerified: false,
    mustVerifyEmail: false,
    sessionId: "session",
    authenticatedAt: SUBJECT.authenticatedAt,
    authenticationMethods: ["pwd", "otp", "mfa"],
    issuedAt: SECOND,
    expiresAt: secondsAfter(SECOND, 600),
    refreshDueAt: secondsAfter(SECOND, 540),
  });
  expect(await readAccessToken(token, ADA, NOW)).toEqual(access);
  expect(decodeProtectedHeader(token)).toMatchObject({ alg: "HS256", typ: "at+jwt", kid: expect.any(String) });
  expect(Object.keys(decodeJwt(token)).sort()).toEqual(
    [
      "_",
      "amr",
      "aud",
      "auth_time",
      "email",
      "email_verified",
      "exp",
      "iat",
      "iss",
      "name",
      "role",
      "sid",
      "sub",
    ].sort(),
  );
  expect(decodeJwt(token).amr).toEqual(["pwd", "otp", "mfa"]);
  expect(JSON.stringify(decodeJwt(token))).not.toContain(ADA.address);
});

test("a token states whether the email is verified; one of a version before that claim is not accepted, so the refresh token decides", async () => {
  const { token } = await mint(NOW, { ...SUBJECT, isEmailVerified: true });
  expect(decodeJwt(token)).toMatchObject({ email_verified: true });
  expect(await readAccessToken(token, ADA, NOW)).toMatchObject({ isEmailVerified: true, mustVerifyEmail: false });
  const { email_verified: _, ...before } = decodeJwt((await mint()).token);
  const old = await signToken({ type: "at+jwt", requiredClaims: [] }, tokenKeys().access, ORIGIN, before as never);
  expect(await readAccessToken(old, ADA, NOW)).toBeNull();
});

test("where a verified email is required, the token of one that is not verified says that it must be", async () => {
  const required = await anotherInstance(() => import("./access-token"), { REQUIRE_VERIFIED_EMAIL: "true" });
  for (const isEmailVerified of [true, false]) {
    const { token } = await mint(NOW, { ...SUBJECT, isEmailVerified });
    const read = { isEmailVerified, mustVerifyEmail: !isEmailVerified };
    expect(await required.readAccessToken(token, ADA, NOW)).toMatchObject(read);
    expect(await readAccessToken(token, ADA, NOW)).toMatchObject({ isEmailVerified, mustVerifyEmail: false });
  }
});

test("no token outlives its session", async () => {
  const { access } = await mint(NOW, { ...SUBJECT, absoluteExpiresAt: secondsAfter(NOW, 20) });
  expect(access.expiresAt).toEqual(secondsAfter(SECOND, 20));
  expect(access.refreshDueAt).toEqual(secondsAfter(SECOND, 10));
});

describe("an access token is rejected, first seen or already verified", () => {
  test.each<[string, typeof ADA, Date]>([
    ["at its expiry", ADA, secondsAfter(SECOND, 600)],
    ["a day later", ADA, secondsAfter(SECOND, 86_400)],
    ["31 seconds before it was issued", ADA, secondsAfter(SECOND, -31)],
    ["from another address", { ...ADA, address: "203.0.113.8" }, NOW],
    ["from another browser", { ...ADA, browser: "Chrome" }, NOW],
    ["from another system", { ...ADA, os: "Windows" }, NOW],
    ["from another client on another network", MALLORY, NOW],
  ])("%s", async (_, client, now) => {
    const { token } = await mint();
    expect(await readAccessToken(token, client, now)).toBeNull();
    expect(await readAccessToken(token, ADA, NOW)).not.toBeNull();
    expect(await readAccessToken(token, client, now)).toBeNull();
    expect(await readAccessToken(token, ADA, NOW)).not.toBeNull();
  });

  test("from another client that tries repeatedly", async () => {
    const { token } = await mint();
    for (let time = 0; time < 3; time++) expect(await readAccessToken(token, MALLORY, NOW)).toBeNull();
  });

  test("from another IPv6 /64, while other addresses of the same one are accepted", async () => {
    const { token } = await mintAccessToken(SUBJECT, clientAt("2001:db8:1:2::1"), NOW);
    expect(await readAccessToken(token, clientAt("2001:db8:1:2:ffff::9"), NOW)).not.toBeNull();
    expect(await readAccessToken(token, clientAt("2001:db8:1:3::1"), NOW)).toBeNull();
  });
});

test("a clock may be 30 seconds behind the one that issued the token", async () => {
  const { token } = await mint();
  expect(await readAccessToken(token, ADA, secondsAfter(SECOND, -30))).not.toBeNull();
  expect(await readAccessToken(token, ADA, secondsAfter(SECOND, 599.999))).not.toBeNull();
});

const claims = decodeJwt((await mint()).token);

describe("signed by us and still rejected as an access token", () => {
  const sign = (changes: object, type: "at+jwt" | "rt+jwt" = "at+jwt") =>
    signToken(
      { type, requiredClaims: [] },
      tokenKeys().access,
      ORIGIN,
      JSON.parse(JSON.stringify({ ...claims, ...changes })),
    );

  test.each([
    "sub",
    "sid",
    "email",
    "email_verified",
    "name",
    "role",
    "iat",
    "exp",
    "auth_time",
    "amr",
    "_",
    "iss",
    "aud",
  ])("without %s", async (name) => {
    const token = await sign({ [name]: undefined, ...(name === "iss" || name === "aud" ? { [name]: "" } : {}) });
    expect(await readAccessToken(token, ADA, NOW)).toBeNull();
  });

  test.each<[string, object]>([
    ["a number for a subject", { sub: 7 }],
    ["an object for a name", { name: { toString: "x" } }],
    ["a list for a role", { role: ["admin"] }],
    ["a fractional expiry", { exp: claims.exp! + 0.5 }],
    ["text for the time of authentication", { auth_time: "now" }],
    ["text for a verified email", { email_verified: "true" }],
    ["an empty fingerprint", { _: "" }],
    ["the fingerprint of another client", { _: "A".repeat(22) }],
    ["a fingerprint that is a list", { _: [claims._] }],
    ["another audience", { aud: "https://evil.test" }],
    ["another issuer", { iss: "https://evil.test" }],
  ])("%s", async (_, changes) => {
    expect(await readAccessToken(await sign(changes), ADA, NOW)).toBeNull();
  });

  test("a refresh token, even with the key of access tokens", async () => {
    expect(await readAccessToken(await sign({}, "rt+jwt"), ADA, NOW)).toBeNull();
  });
});

describe("in a process with another configuration", () => {
  const load = () => import("./access-token");
  const NEW_SECRET = "the access secret after the change, long";

  test("the previous secret verifies and does not sign", async () => {
    const changes = { JWT_ACCESS_SECRET: NEW_SECRET, JWT_ACCESS_SECRET_PREVIOUS: process.env.JWT_ACCESS_SECRET! };
    const changed = await anotherInstance(load, changes);
    const { token } = await mint();
    expect(await changed.readAccessToken(token, ADA, NOW)).toMatchObject({ user: SUBJECT.user });
    // Its fingerprint was made with the previous key too.
    expect(await changed.readAccessToken(token, MALLORY, NOW)).toBeNull();
    const minted = await changed.mintAccessToken(SUBJECT, ADA, NOW);
    expect(await readAccessToken(minted.token, ADA, NOW)).toBeNull();
    expect(await changed.readAccessToken(minted.token, ADA, NOW)).not.toBeNull();
  });

  test("a token of a retired secret is rejected", async () => {
    const changed = await anotherInstance(load, { JWT_ACCESS_SECRET: NEW_SECRET });
    expect(await changed.readAccessToken((await mint()).token, ADA, NOW)).toBeNull();
  });

  test("a token of another origin is rejected", async () => {
    const moved = await anotherInstance(load, { APP_ORIGIN: "https://app.example.com" });
    expect(await moved.readAccessToken((await mint()).token, ADA, NOW)).toBeNull();
  });

  test("a part of the client that is not validated may change", async () => {
    const roaming = await anotherInstance(load, { IP_VALIDATION: "false" });
    const { token } = await roaming.mintAccessToken(SUBJECT, ADA, NOW);
    expect(await roaming.readAccessToken(token, { ...ADA, address: "198.51.100.9" }, NOW)).not.toBeNull();
    expect(await roaming.readAccessToken(token, { ...ADA, browser: "Chrome" }, NOW)).toBeNull();
  });
});
