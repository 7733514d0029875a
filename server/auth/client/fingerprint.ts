import "server-only";
import { createHmac, timingSafeEqual, type KeyObject } from "node:crypto";
import { addressGroup } from "./client-address";
import { osFamily } from "./device";

/** 128 bits: nobody can find a second client with the same one, and the cookie stays small. */
const BYTES = 16;

interface FingerprintedClient {
  address: string;
  browser: string;
  os: string;
}

/**
 * Ties an access token to the client it was made for, as far as configured. Keyed, so that the token's holder can read
 * neither address nor agent from it; by address group and names without versions, so that people stay who they are.
 */
export function fingerprint(
  key: Uint8Array | KeyObject,
  client: FingerprintedClient,
  include: { ip: boolean; agent: boolean },
): string {
  const ip = include.ip ? addressGroup(client.address) : null;
  const agent = include.agent ? [client.browser, osFamily(client.os)] : null;
  // The key also signs tokens: no token can begin with this label. JSON quotes what clients say, so no two of them read alike.
  const text = `fingerprint ${JSON.stringify([ip, agent])}`;
  return createHmac("sha256", key).update(text).digest().subarray(0, BYTES).toString("base64url");
}

/** In constant time. */
export function fingerprintMatches(one: string, other: string): boolean {
  const [left, right] = [Buffer.from(one), Buffer.from(other)];
  return left.length === right.length && timingSafeEqual(left, right);
}
