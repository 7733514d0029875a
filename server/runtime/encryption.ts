import "server-only";
import { createCipheriv, createDecipheriv, createHmac, hkdfSync, randomBytes } from "node:crypto";
import { env } from "./env";

/** AES-256-GCM (NIST SP 800-38D) with a random 96-bit nonce. A text contains key id, nonce, ciphertext and tag. */
const ALGORITHM = "aes-256-gcm";
const NONCE_BYTES = 12;
const TAG_BYTES = 16;

/**
 * Encrypts under `ENCRYPTION_SECRET`. Each label has a key of its own (HKDF, RFC 5869). `context` names the row, so that a text that
 * is copied to another row cannot be decrypted there.
 */
export function encrypt(label: string, context: string, plaintext: Buffer): string {
  const { id, key } = keysOf(label)[0]!;
  const nonce = randomBytes(NONCE_BYTES);
  const cipher = createCipheriv(ALGORITHM, key, nonce, { authTagLength: TAG_BYTES }).setAAD(Buffer.from(context));
  const encrypted = Buffer.concat([nonce, cipher.update(plaintext), cipher.final(), cipher.getAuthTag()]);
  return `${id}.${encrypted.toString("base64url")}`;
}

/** Null for a text of an unknown key or another context, and for one that was changed. */
export function decrypt(label: string, context: string, text: string): Buffer | null {
  const [id, encoded = ""] = text.split(".", 2);
  const known = keysOf(label).find((one) => one.id === id);
  const bytes = Buffer.from(encoded, "base64url");
  if (known === undefined || bytes.length < NONCE_BYTES + TAG_BYTES) return null;
  const decipher = createDecipheriv(ALGORITHM, known.key, bytes.subarray(0, NONCE_BYTES), { authTagLength: TAG_BYTES })
    .setAAD(Buffer.from(context))
    .setAuthTag(bytes.subarray(-TAG_BYTES));
  try {
    return Buffer.concat([decipher.update(bytes.subarray(NONCE_BYTES, -TAG_BYTES)), decipher.final()]);
  } catch {
    // GCM throws an error without a code if the tag does not match.
    return null;
  }
}

/** Whether a text was encrypted with the current key, or should be encrypted again. */
export function isCurrent(label: string, text: string): boolean {
  return text.startsWith(`${keysOf(label)[0]!.id}.`);
}

/** Names a secret in what was encrypted under it, without revealing it. */
export function keyIdOf(secret: string): string {
  return createHmac("sha256", secret).update("key id").digest("base64url").slice(0, 8);
}

const derived = new Map<string, { id: string; key: Buffer }[]>();

/** The current key, which alone encrypts, and the previous one while the secret is being changed. */
function keysOf(label: string): { id: string; key: Buffer }[] {
  const known = derived.get(label);
  if (known !== undefined) return known;
  const { ENCRYPTION_SECRET, ENCRYPTION_SECRET_PREVIOUS } = env();
  const keys = [ENCRYPTION_SECRET, ENCRYPTION_SECRET_PREVIOUS]
    .filter((secret) => secret !== undefined)
    .map((secret) => ({
      id: keyIdOf(secret),
      key: Buffer.from(hkdfSync("sha256", secret, "", label, 32)),
    }));
  derived.set(label, keys);
  return keys;
}
