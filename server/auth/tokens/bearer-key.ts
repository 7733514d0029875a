import "server-only";
import type { webcrypto } from "node:crypto";
import { calculateJwkThumbprint, exportJWK, generateKeyPair, importJWK, type JWK } from "jose";
import type { NewKey } from "@/db/tables/signing-keys";
import { decrypt, encrypt, isCurrent } from "@/server/runtime/encryption";

export const BEARER_ALGORITHM = "ES256";
const LABEL = "signing key of bearer tokens";

/** A key in use. Its private part cannot be exported. */
export interface BearerKey {
  id: string;
  privateKey: webcrypto.CryptoKey;
  publicKey: webcrypto.CryptoKey;
  /** As published (RFC 7517). */
  publicJwk: JWK;
}

/** A row for a new key, its private part encrypted. */
export async function createKey(sequence: number): Promise<NewKey> {
  const pair = await generateKeyPair(BEARER_ALGORITHM, { extractable: true });
  const jwk = await exportJWK(pair.privateKey);
  const id = await calculateJwkThumbprint(jwk);
  return { sequence, id, privateKey: encrypt(LABEL, id, Buffer.from(JSON.stringify(jwk))) };
}

/** Null if it was encrypted under another secret, or is the key of another row. */
export async function openKey({ id, privateKey }: Pick<NewKey, "id" | "privateKey">): Promise<BearerKey | null> {
  const text = decrypt(LABEL, id, privateKey);
  if (text === null) return null;
  const jwk = JSON.parse(text.toString()) as JWK;
  // Never the public part of the row: a person who can write to the database could publish a key of theirs.
  const publicJwk: JWK = { kty: jwk.kty!, crv: jwk.crv!, x: jwk.x!, y: jwk.y! };
  const [own, open] = await Promise.all([importJWK(jwk, BEARER_ALGORITHM), importJWK(publicJwk, BEARER_ALGORITHM)]);
  return {
    id,
    privateKey: own as webcrypto.CryptoKey,
    publicKey: open as webcrypto.CryptoKey,
    publicJwk: { ...publicJwk, kid: id, alg: BEARER_ALGORITHM, use: "sig" },
  };
}

/** How the private part of a stored key is encrypted. */
export function judgeWrapping({
  id,
  privateKey,
}: Pick<NewKey, "id" | "privateKey">): "current" | "previous" | "unknown" {
  if (decrypt(LABEL, id, privateKey) === null) return "unknown";
  return isCurrent(LABEL, privateKey) ? "current" : "previous";
}
