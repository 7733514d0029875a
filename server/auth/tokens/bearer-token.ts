import "server-only";
import { hash, randomUUID } from "node:crypto";
import { decodeProtectedHeader, errors, jwtVerify, SignJWT } from "jose";
import { LRUCache } from "lru-cache";
import { z } from "zod";
import { env } from "@/server/runtime/env";
import {
  earlierOf,
  ISSUED_AT_TOLERANCE_SECONDS,
  MAX_BEARER_TOKEN_SECONDS,
  secondsAfter,
} from "@/server/auth/policy/lifetimes";
import { Refusal } from "@/server/auth/policy/refusals";
import type { Scope } from "@/server/auth/policy/scopes";
import type { AccessSubject } from "./access-token";
import { BEARER_ALGORITHM } from "./bearer-key";
import { databaseTime, signingKey, verificationKey } from "./bearer-key-feed";
import { numericDate } from "./signed-token";

const TYPE = "at+jwt";
const MAX_TOKEN_CHARACTERS = 2048;
/** ES256 makes 64 bytes, 86 characters; the last one carries two bits, so four of its bits must be zero. */
const CANONICAL = /^[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+\.[A-Za-z0-9_-]{85}[AQgw]$/;

/** The claims of RFC 9068. `aud` is one string, so that no token is valid at two services. */
const bearerClaims = z.object({
  iss: z.string(),
  sub: z.string(),
  aud: z.string(),
  client_id: z.string(),
  iat: z.int(),
  exp: z.int(),
  jti: z.string(),
  sid: z.string(),
  auth_time: z.int(),
  amr: z.array(z.string()),
  scope: z.string(),
  role: z.string(),
});

/** The contents of a verified bearer token for this app. Its instants are of the database's clock. */
export interface Bearer {
  userId: string;
  role: string;
  sessionId: string;
  scopes: readonly string[];
  issuedAt: Date;
  expiresAt: Date;
}

/** A token for one audience. Contains neither email nor name. Throws UNAVAILABLE while no key is known. */
export async function mintBearerToken(
  { user, sessionId, authenticatedAt, authenticationMethods, absoluteExpiresAt }: AccessSubject,
  { audience, scopes }: { audience: string; scopes: readonly Scope[] },
  now: Date,
): Promise<{ token: string; expiresAt: Date }> {
  const key = signingKey(now);
  if (key === null) throw new Refusal("UNAVAILABLE", { retryAfterSeconds: 1 });
  const { APP_ORIGIN, ACCESS_TOKEN_SECONDS } = env();
  // All instances share the database's clock, so that a token is not issued in the future of one of them.
  const issuedAt = databaseTime(now);
  const lifetimeSeconds = Math.min(MAX_BEARER_TOKEN_SECONDS, ACCESS_TOKEN_SECONDS);
  const claims: z.input<typeof bearerClaims> = {
    iss: APP_ORIGIN,
    sub: user.id,
    aud: audience,
    client_id: APP_ORIGIN,
    iat: numericDate(issuedAt),
    exp: numericDate(earlierOf(secondsAfter(issuedAt, lifetimeSeconds), absoluteExpiresAt)),
    jti: randomUUID(),
    sid: sessionId,
    auth_time: numericDate(authenticatedAt),
    amr: authenticationMethods,
    scope: scopes.join(" "),
    role: user.role,
  };
  const header = { alg: BEARER_ALGORITHM, typ: TYPE, kid: key.id };
  const token = await new SignJWT(claims).setProtectedHeader(header).sign(key.privateKey);
  return { token, expiresAt: new Date(claims.exp * 1000) };
}

/** Tokens with a valid signature and valid claims, by digest, and the key of each. */
const verified = new LRUCache<string, { bearer: Bearer; keyId: string }>({ max: 20_000 });

/** The contents of a token that we issued for this app. Null if it is not valid at `now`, or its key was dropped. */
export async function readBearerToken(token: string, now: Date): Promise<Bearer | null> {
  const digest = hash("sha256", token, "base64");
  const known = verified.get(digest) ?? (await verifyAndCache(token, digest, now));
  if (known === null || verificationKey(known.keyId, now) === null) return null;
  const { issuedAt, expiresAt } = known.bearer;
  const databaseNow = databaseTime(now);
  if (databaseNow >= expiresAt || issuedAt > secondsAfter(databaseNow, ISSUED_AT_TOLERANCE_SECONDS)) return null;
  return known.bearer;
}

async function verifyAndCache(token: string, digest: string, now: Date) {
  const read = await verify(token, now);
  if (read !== null) verified.set(digest, read);
  return read;
}

async function verify(token: string, now: Date): Promise<{ bearer: Bearer; keyId: string } | null> {
  if (token.length > MAX_TOKEN_CHARACTERS || !CANONICAL.test(token)) return null;
  const key = verificationKey(keyIdOf(token) ?? "", now);
  if (key === null) return null;
  const { APP_ORIGIN } = env();
  try {
    const { payload } = await jwtVerify(token, key.publicKey, {
      algorithms: [BEARER_ALGORITHM],
      typ: TYPE,
      issuer: APP_ORIGIN,
      audience: APP_ORIGIN,
      currentDate: databaseTime(now),
      requiredClaims: Object.keys(bearerClaims.shape),
    });
    const parsed = bearerClaims.safeParse(payload);
    return parsed.success ? { bearer: bearerOf(parsed.data), keyId: key.id } : null;
  } catch (error) {
    if (error instanceof errors.JOSEError) return null;
    throw error;
  }
}

function bearerOf({ sub, role, sid, scope, iat, exp }: z.output<typeof bearerClaims>): Bearer {
  return {
    userId: sub,
    role,
    sessionId: sid,
    scopes: scope.split(" "),
    issuedAt: new Date(iat * 1000),
    expiresAt: new Date(exp * 1000),
  };
}

function keyIdOf(token: string): string | undefined {
  try {
    return decodeProtectedHeader(token).kid;
  } catch (error) {
    if (error instanceof TypeError) return undefined;
    throw error;
  }
}
