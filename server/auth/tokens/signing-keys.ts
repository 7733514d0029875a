import "server-only";
import { createHmac, createSecretKey, type KeyObject } from "node:crypto";
import { env } from "@/server/runtime/env";

export interface TokenKey {
  /** Sent as `kid` (RFC 7515, section 4.1.4). */
  id: string;
  key: KeyObject;
  /** Derives the nonces of refresh tokens. Of another purpose than `key`, and therefore another key. */
  successorKey: KeyObject;
}

export interface KeyRing {
  /** The only key that signs. */
  current: TokenKey;
  /** The keys that verify: the current one and, while secrets are being changed, the previous one. */
  accepted: ReadonlyMap<string, TokenKey>;
}

export function keyRing(secret: string, previousSecret?: string): KeyRing {
  const current = tokenKey(secret);
  const all = previousSecret === undefined ? [current] : [current, tokenKey(previousSecret)];
  return { current, accepted: new Map(all.map((one) => [one.id, one])) };
}

let rings: { access: KeyRing; refresh: KeyRing } | undefined;

/** This process's keys, from its secrets. */
export function tokenKeys(): { access: KeyRing; refresh: KeyRing } {
  const { JWT_ACCESS_SECRET, JWT_ACCESS_SECRET_PREVIOUS, SESSION_SECRET, SESSION_SECRET_PREVIOUS } = env();
  return (rings ??= {
    access: keyRing(JWT_ACCESS_SECRET, JWT_ACCESS_SECRET_PREVIOUS),
    refresh: keyRing(SESSION_SECRET, SESSION_SECRET_PREVIOUS),
  });
}

function tokenKey(secret: string): TokenKey {
  const derive = (label: string) => createHmac("sha256", secret).update(label).digest();
  return {
    id: derive("key id").toString("base64url").slice(0, 8),
    key: createSecretKey(secret, "utf8"),
    successorKey: createSecretKey(derive("successor of a refresh token")),
  };
}
