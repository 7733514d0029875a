import { exportSPKI, importJWK, SignJWT, UnsecuredJWT, decodeJwt, decodeProtectedHeader, type JWTPayload } from "jose";
import { describe, expect, test, vi } from "vitest";
import { createTestDatabase, useTestDatabase } from "@/db/testing";
import { countStatements, signedInSession } from "@/server/auth/db-testing";
import { secondsAfter } from "@/server/auth/policy/lifetimes";
import { anotherInstance } from "@/server/auth/testing";
import { env } from "@/server/runtime/env";
import { publishedKeys, readKeys, signingKey } from "./bearer-key-feed";
import { readBearerToken } from "./bearer-token";
import { bearerToken } from "./testing";

const database = useTestDatabase();
/** Later than the first key, which is made when the tests begin. */
const NOW = secondsAfter(new Date(), 60);
const inSeconds = (seconds: number) => secondsAfter(NOW, seconds);

async function issued(now = NOW, options: Parameters<typeof bearerToken>[3] = {}) {
  const session = await signedInSession(database.db, now);
  return { session, token: await bearerToken(database.db, session.id, now, options) };
}

/** The claims of a valid token with changes, signed with the app's key. */
async function forged(changes: JWTPayload, header: Record<string, unknown> = {}): Promise<string> {
  const claims = { ...decodeJwt((await issued()).token), ...changes };
  const { id, privateKey } = signingKey(NOW)!;
  return new SignJWT(claims).setProtectedHeader({ alg: "ES256", typ: "at+jwt", kid: id, ...header }).sign(privateKey);
}

describe("a bearer token", () => {
  test("has the header and the claims of RFC 9068, and neither email nor name", async () => {
    const { session, token } = await issued();
    expect(decodeProtectedHeader(token)).toEqual({ alg: "ES256", typ: "at+jwt", kid: signingKey(NOW)!.id });
    const { iat, exp, ...claims } = decodeJwt(token) as JWTPayload & { iat: number; exp: number };
    const origin = env().APP_ORIGIN;
    expect(claims).toEqual({
      iss: origin,
      aud: origin,
      client_id: origin,
      sub: session.userId,
      sid: session.id,
      jti: expect.stringMatching(/^[\da-f-]{36}$/),
      auth_time: Math.floor(NOW.getTime() / 1000),
      amr: ["pwd"],
      scope: "profile:read profile:write sessions:read sessions:write",
      role: "user",
    });
    expect(exp - iat).toBe(Math.min(900, env().ACCESS_TOKEN_SECONDS));
  });

  test("is accepted until it expires, by the database's clock, and never has the same id twice", async () => {
    const { session, token } = await issued();
    expect(await readBearerToken(token, inSeconds(1))).toMatchObject({ userId: session.userId, sessionId: session.id });
    expect(await readBearerToken(token, inSeconds(env().ACCESS_TOKEN_SECONDS - 2))).not.toBeNull();
    expect(await readBearerToken(token, inSeconds(env().ACCESS_TOKEN_SECONDS + 1))).toBeNull();
    expect(decodeJwt(token).jti).not.toBe(decodeJwt(await bearerToken(database.db, session.id, NOW)).jti);
  });

  test.each([-120, 120])("of an instance is accepted by one whose clock is off by %i seconds", async (seconds) => {
    const { token } = await issued();
    const { now } = Date;
    const clock = vi.spyOn(Date, "now").mockImplementation(() => now.call(Date) + seconds * 1000);
    const skewed = await anotherInstance(async () => ({
      ...(await import("./bearer-key-feed")),
      ...(await import("./bearer-token")),
    }));
    await skewed.readKeys(database.db).finally(() => clock.mockRestore());
    expect(await skewed.readBearerToken(token, inSeconds(seconds + 1))).not.toBeNull();
    expect(await skewed.readBearerToken(token, inSeconds(seconds + env().ACCESS_TOKEN_SECONDS + 1))).toBeNull();
  });

  test("does not live longer than its session may", async () => {
    const session = await signedInSession(database.db, NOW);
    const absoluteExpiresAt = inSeconds(60);
    await database.db.updateTable("sessions").set({ absoluteExpiresAt }).where("id", "=", session.id).execute();
    const { exp } = decodeJwt(await bearerToken(database.db, session.id, NOW));
    expect(exp).toBe(Math.floor(absoluteExpiresAt.getTime() / 1000));
  });

  test("costs no statement to make or to verify", async () => {
    const { token } = await issued();
    const statements = await countStatements(database.url, async () => {
      for (let count = 0; count < 20; count++) expect(await readBearerToken(token, inSeconds(1))).not.toBeNull();
    });
    expect(statements).toBe(0);
  });

  test("is refused once its key is compromised, also one that was verified before", async () => {
    const { db } = await createTestDatabase();
    const session = await signedInSession(db, NOW);
    const token = await bearerToken(db, session.id, NOW);
    expect(await readBearerToken(token, inSeconds(1))).not.toBeNull();
    await db
      .updateTable("signingKeys")
      .set({ compromisedAt: new Date(0) })
      .execute();
    await readKeys(db);
    expect(await readBearerToken(token, inSeconds(1))).toBeNull();
    await readKeys(database.db);
  });
});

const isRefused = async (token: string) => (await readBearerToken(token, inSeconds(1))) === null;

describe("a bearer token is refused", () => {
  test("a valid one with all claims is accepted, so that the refusals below have one cause each", async () => {
    expect(await isRefused(await forged({}))).toBe(false);
  });

  test.each<[string, JWTPayload]>([
    ["of another issuer", { iss: "https://evil.test" }],
    ["for another audience", { aud: "https://billing.test" }],
    ["for several audiences, of which this app is one", { aud: ["http://localhost:3000", "https://billing.test"] }],
    ["for this app alone in a list", { aud: ["http://localhost:3000"] }],
    ["that has expired", { exp: Math.floor(NOW.getTime() / 1000) - 1 }],
    ["of the future", { iat: Math.floor(NOW.getTime() / 1000) + 60 }],
    ["that is not valid yet", { nbf: Math.floor(NOW.getTime() / 1000) + 60 }],
    ["with a number as its subject", { sub: 7 as never }],
    ["with a list as its scope", { scope: ["profile:read"] }],
    ["with a string as its methods", { amr: "pwd" }],
    ...["iss", "sub", "aud", "client_id", "iat", "exp", "jti", "sid", "auth_time", "amr", "scope", "role"].map(
      (claim): [string, JWTPayload] => [`without ${claim}`, { [claim]: undefined }],
    ),
  ])("%s", async (_, changes) => {
    expect(await isRefused(await forged(changes))).toBe(true);
  });

  test.each<[string, Record<string, unknown>]>([
    ["of another type", { typ: "JWT" }],
    ["without a type", { typ: undefined }],
    ["of a refresh token's type", { typ: "rt+jwt" }],
    ["of an unknown key", { kid: "unknown" }],
    ["without a key", { kid: undefined }],
  ])("%s", async (_, header) => {
    expect(await isRefused(await forged({}, header))).toBe(true);
  });

  test("with another key, although it names ours", async () => {
    const { generateKeyPair } = await import("jose");
    const { privateKey } = await generateKeyPair("ES256");
    const claims = decodeJwt((await issued()).token);
    const header = { alg: "ES256", typ: "at+jwt", kid: signingKey(NOW)!.id };
    expect(await isRefused(await new SignJWT(claims).setProtectedHeader(header).sign(privateKey))).toBe(true);
  });

  test("signed by HMAC with the public key as its secret, or not at all", async () => {
    const claims = decodeJwt((await issued()).token);
    const { id } = signingKey(NOW)!;
    const [jwk] = publishedKeys(NOW);
    const pem = await exportSPKI((await importJWK(jwk!, "ES256", { extractable: true })) as never);
    for (const secret of [pem, JSON.stringify(jwk), jwk!.x!]) {
      const header = { alg: "HS256", typ: "at+jwt", kid: id };
      const token = await new SignJWT(claims).setProtectedHeader(header).sign(Buffer.from(secret));
      expect(await isRefused(token)).toBe(true);
    }
    expect(await isRefused(new UnsecuredJWT(claims).encode())).toBe(true);
  });

  test("in any other spelling: each part, each character, padding, length", async () => {
    const { token } = await issued();
    const [header, payload, signature] = token.split(".") as [string, string, string];
    // The last character carries two bits of the signature: its other spellings decode to the same bytes.
    const last = signature.at(-1)!;
    const alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
    for (const other of alphabet) {
      if (other === last) continue;
      expect(await isRefused(`${header}.${payload}.${signature.slice(0, -1)}${other}`), other).toBe(true);
    }
    const spellings = [
      `${token}=`,
      `${token}.`,
      ` ${token}`,
      `${token}\n`,
      `${header}.${payload}.`,
      `${payload}.${signature}`,
      token.toUpperCase(),
    ];
    for (const other of [...spellings, "", ".", "..", "a.b.c", "x".repeat(16_000), `${token}${"A".repeat(2048)}`]) {
      expect(await isRefused(other), other.slice(0, 40)).toBe(true);
    }
    expect(await isRefused(token)).toBe(false);
  });
});

test("bearer tokens: none can be made or verified before the keys have been read, and that is a fault, not a bad token", async () => {
  const { token } = await issued();
  const starting = await anotherInstance(async () => ({
    ...(await import("./bearer-token")),
    ...(await import("@/server/auth/gate/authenticate")),
  }));
  const request = { kind: "call", path: "/api/trpc", bearerToken: token } as never;
  await expect(starting.authenticate(database.db, request, NOW)).rejects.toMatchObject({ reason: "UNAVAILABLE" });
  await expect(starting.mintBearerToken({} as never, { audience: "", scopes: [] }, NOW)).rejects.toMatchObject({
    reason: "UNAVAILABLE",
  });
});
