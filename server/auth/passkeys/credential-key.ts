import "server-only";
import { createPublicKey, type JsonWebKey, type KeyObject } from "node:crypto";
import { cose, decodeAttestationObject, decodeCredentialPublicKey } from "@simplewebauthn/server/helpers";
import { ALGORITHMS } from "./relying-party";

const RSA_BITS = { min: 2048, max: 4096 };
/** 65,537 in practice. A large exponent makes each verification as slow as a signature. */
const MAX_RSA_EXPONENT = 2n ** 32n;

/**
 * Whether an attestation is one that was asked for: none. Browsers also pass on a self attestation, which is signed with the new key
 * and names no certificate.
 */
export function isSupportedAttestation(attestationObject: string): boolean {
  try {
    const decoded = decodeAttestationObject(new Uint8Array(Buffer.from(attestationObject, "base64url")));
    const format = decoded.get("fmt");
    return format === "none" || (format === "packed" && decoded.get("attStmt").get("x5c") === undefined);
  } catch {
    // The decoder throws errors without a code for what is not CBOR.
    return false;
  }
}

/**
 * Whether a key in COSE (RFC 9052) of one of our algorithms is what that requires: a point on P-256, or an RSA key of a usual size. The
 * library has checked that it is one of them.
 */
export function isSupportedKey(publicKey: Uint8Array<ArrayBuffer>): boolean {
  const key = decodeCredentialPublicKey(publicKey);
  const imported = importKey(key);
  if (imported === null) return false;
  const { namedCurve, modulusLength = 0, publicExponent = 0n } = imported.asymmetricKeyDetails ?? {};
  if (key.get(cose.COSEKEYS.alg) === ALGORITHMS.es256) return namedCurve === "prime256v1";
  return modulusLength >= RSA_BITS.min && modulusLength <= RSA_BITS.max && publicExponent < MAX_RSA_EXPONENT;
}

function importKey(key: ReturnType<typeof decodeCredentialPublicKey>): KeyObject | null {
  const jwk =
    cose.isCOSEPublicKeyEC2(key) && key.get(cose.COSEKEYS.crv) === cose.COSECRV.P256
      ? { kty: "EC", crv: "P-256", x: text(key.get(cose.COSEKEYS.x)), y: text(key.get(cose.COSEKEYS.y)) }
      : cose.isCOSEPublicKeyRSA(key)
        ? { kty: "RSA", n: text(key.get(cose.COSEKEYS.n)), e: text(key.get(cose.COSEKEYS.e)) }
        : null;
  if (jwk === null) return null;
  try {
    return createPublicKey({ key: jwk as JsonWebKey, format: "jwk" });
  } catch {
    // A point that is not on the curve, or a value that is no number.
    return null;
  }
}

function text(bytes: Uint8Array | undefined): string {
  return Buffer.from(bytes ?? []).toString("base64url");
}
