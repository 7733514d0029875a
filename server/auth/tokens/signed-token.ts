import "server-only";
import { webcrypto, type KeyObject } from "node:crypto";
import { decodeProtectedHeader, errors, jwtVerify, SignJWT, type JWTPayload } from "jose";
import type { KeyRing, TokenKey } from "./signing-keys";

const MAX_TOKEN_CHARACTERS = 2048;
/** HS256 makes 32 bytes, 43 characters; the last one carries four bits, so two of its bits must be zero. */
const CANONICAL = /^[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+\.[A-Za-z0-9_-]{42}[AEIMQUYcgkosw048]$/;

export interface TokenKind {
  /** `typ`, as in RFC 9068: a token of one kind is never accepted as another. */
  type: "at+jwt" | "rt+jwt" | "end+jwt" | "chl+jwt";
  requiredClaims: string[];
}

/** Signs the claims with the ring's current key. The same claims give the same token. */
export async function signToken(kind: TokenKind, ring: KeyRing, origin: string, claims: JWTPayload): Promise<string> {
  return new SignJWT({ iss: origin, aud: origin, ...claims })
    .setProtectedHeader({ alg: "HS256", typ: kind.type, kid: ring.current.id })
    .sign(await cryptoKeyOf(ring.current));
}

/**
 * The claims of a token that we signed, in canonical encoding (RFC 4648, section 3.5) and with every required claim.
 * "expired" (without tolerance) if only `exp` has passed. Null for anything else: an invalid token is not a fault.
 */
export async function readSignedToken(
  kind: TokenKind,
  ring: KeyRing,
  origin: string,
  token: string,
  now: Date,
): Promise<{ claims: JWTPayload; key: TokenKey } | "expired" | null> {
  if (token.length > MAX_TOKEN_CHARACTERS || !CANONICAL.test(token)) return null;
  const key = ring.accepted.get(keyIdOf(token) ?? "");
  if (key === undefined) return null;
  try {
    const { payload } = await jwtVerify(token, await cryptoKeyOf(key), {
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
    // Anything else, such as a bad key, is a fault and says nothing about the token.
    if (error instanceof errors.JOSEError) return null;
    throw error;
  }
}

const imported = new WeakMap<KeyObject, Promise<webcrypto.CryptoKey>>();

/** The key imported into WebCrypto (RFC 7518, section 3.2), once: an import costs as much as a signature. */
function cryptoKeyOf({ key }: TokenKey): Promise<webcrypto.CryptoKey> {
  const known = imported.get(key);
  if (known !== undefined) return known;
  const algorithm = { name: "HMAC", hash: "SHA-256" };
  const importing = webcrypto.subtle.importKey("raw", key.export(), algorithm, false, ["sign", "verify"]);
  imported.set(key, importing);
  return importing;
}

function keyIdOf(token: string): string | undefined {
  try {
    return decodeProtectedHeader(token).kid;
  } catch (error) {
    if (error instanceof TypeError) return undefined;
    throw error;
  }
}

/** NumericDate (RFC 7519, section 2): seconds since 1970. */
export function numericDate(instant: Date): number {
  return Math.floor(instant.getTime() / 1000);
}
