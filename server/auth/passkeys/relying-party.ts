import "server-only";
import { randomBytes } from "node:crypto";
import { env } from "@/server/runtime/env";

/** ES256 and RS256, by their numbers in COSE (RFC 9053, RFC 8812). Every authenticator supports one of them. */
export const ALGORITHMS = { es256: -7, rs256: -257 } as const;

const CHALLENGE_BYTES = 16;

/** The domain that passkeys are made for, and the only origin that may use them. */
export function relyingParty(): { id: string; name: string; origin: string } {
  const origin = env().APP_ORIGIN;
  return { id: new URL(origin).hostname, name: "Portcullis", origin };
}

export function newChallenge(): Uint8Array<ArrayBuffer> {
  return new Uint8Array(randomBytes(CHALLENGE_BYTES));
}

/** The account as an authenticator stores it: the bytes of its id, which say nothing about the person. */
export function userHandle(userId: string): Uint8Array<ArrayBuffer> {
  return new Uint8Array(Buffer.from(userId.replaceAll("-", ""), "hex"));
}
