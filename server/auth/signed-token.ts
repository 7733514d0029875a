import "server-only";
import { decodeProtectedHeader, errors, jwtVerify, SignJWT, type JWTPayload } from "jose";
import type { KeyRing, TokenKey } from "./token-keys";

const TOKEN_CHARACTERS_AT_MOST = 2048;
/** HS256 makes 32 bytes, 43 characters; the last one carries four bits, so two of its bits must be zero. */
const CANONICAL = /^[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+\.[A-Za-z0-9_-]{42}[AEIMQUYcgkosw048]$/;

export interface TokenKind {
  /** `typ` of RFC 9068 and its like: one kind of token can never stand in for another. */
  type: "at+jwt" | "rt+jwt";
  requiredClaims: string[];
}

/** Signs the claims with the ring's current key. The same claims give the same token. */
export async function signToken(kind: TokenKind, ring: KeyRing, origin: string, claims: JWTPayload): Promise<string> {
  return new SignJWT({ iss: origin, aud: origin, ...claims })
    .setProtectedHeader({ alg: "HS256", typ: kind.type, kid: ring.current.id })
    .sign(ring.current.key);
}

/**
 * The claims of a token that we signed, in its one canonical spelling (RFC 4648, section 3.5), with every claim that we
 * set; "expired" (without tolerance) if only its time is over. Null for anything else: a bad token is no fault.
 */
export async function readSignedToken(
  kind: TokenKind,
  ring: KeyRing,
  origin: string,
  token: string,
  now: Date,
): Promise<{ claims: JWTPayload; key: TokenKey } | "expired" | null> {
  if (token.length > TOKEN_CHARACTERS_AT_MOST || !CANONICAL.test(token)) return null;
  const key = ring.accepted.get(keyIdOf(token) ?? "");
  if (key === undefined) return null;
  try {
    const { payload } = await jwtVerify(token, key.key, {
      algorithms: ["HS256"],
      typ: kind.type,
      issuer: origin,
      audience: origin,
      currentDate: now,
      clockTolerance: 0,
      requiredClaims: ["iat", "exp", ...kind.requiredClaims],
    });
    return { claims: payload, key };
  } catch (error) {
    if (error instanceof errors.JWTExpired) return "expired";
    // Anything else, a bad key above all, is a fault of ours and says nothing about the token.
    if (error instanceof errors.JOSEError) return null;
    throw error;
  }
}

function keyIdOf(token: string): string | undefined {
  try {
    return decodeProtectedHeader(token).kid;
  } catch (error) {
    if (error instanceof TypeError) return undefined;
    throw error;
  }
}

/** Seconds since 1970, as JWT counts (RFC 7519, section 2). */
export function numericDate(instant: Date): number {
  return Math.floor(instant.getTime() / 1000);
}
