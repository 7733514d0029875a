import "server-only";
import { log } from "@/server/runtime/log";
import { decrypt, encrypt, isCurrent } from "@/server/runtime/encryption";

const LABEL = "totp secret";

export function encryptTotpSecret(userId: string, secret: Buffer): string {
  return encrypt(LABEL, userId, secret);
}

/** Null, and an error in the log, if the key of the secret is not known. */
export function decryptTotpSecret(userId: string, stored: string): Buffer | null {
  const secret = decrypt(LABEL, userId, stored);
  if (secret === null) {
    log.error({ userId }, "the secret of an authenticator app cannot be decrypted: was ENCRYPTION_SECRET changed?");
  }
  return secret;
}

/** The stored text, encrypted again if its key is a previous one, which can be removed once no text needs it. */
export function reencryptTotpSecret(userId: string, stored: string, secret: Buffer): string {
  return isCurrent(LABEL, stored) ? stored : encryptTotpSecret(userId, secret);
}
