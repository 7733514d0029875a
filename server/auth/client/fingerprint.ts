import "server-only";
import { createHmac, timingSafeEqual, type KeyObject } from "node:crypto";
import { addressGroup } from "./client-address";
import { osFamily } from "./device";

/** 128 bits: a second client with the same fingerprint cannot be found, and the cookie stays small. */
const BYTES = 16;

interface FingerprintedClient {
  address: string;
  browser: string;
  os: string;
}

/**
 * Binds an access token to the client it was issued to, by the configured parts. Keyed, so that the token reveals neither
 * address nor user agent. Made of the address group and names without versions, so that ordinary changes do not alter it.
 */
export function fingerprint(
  key: Uint8Array | KeyObject,
  client: FingerprintedClient,
  include: { ip: boolean; agent: boolean },
): string {
  const ip = include.ip ? addressGroup(client.address) : null;
  const agent = include.agent ? [client.browser, osFamily(client.os)] : null;
  // The key also signs tokens, and no token starts with this label. JSON quotes the parts, so that no two of them collide.
  const text = `fingerprint ${JSON.stringify([ip, agent])}`;
  return createHmac("sha256", key).update(text).digest().subarray(0, BYTES).toString("base64url");
}

/** In constant time. */
export function fingerprintMatches(one: string, other: string): boolean {
  const [left, right] = [Buffer.from(one), Buffer.from(other)];
  return left.length === right.length && timingSafeEqual(left, right);
}
