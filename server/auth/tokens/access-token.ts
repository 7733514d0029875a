import "server-only";
import { hash } from "node:crypto";
import { LRUCache } from "lru-cache";
import { z } from "zod";
import { env } from "@/server/runtime/env";
import { type Client } from "@/server/auth/client/client";
import { fingerprint, fingerprintMatches } from "@/server/auth/client/fingerprint";
import type { EmailStatus, SignedInUser } from "@/server/auth/policy/credentials";
import { earlierOf, ISSUED_AT_TOLERANCE_SECONDS, refreshDueAt, secondsAfter } from "@/server/auth/policy/lifetimes";
import { numericDate, readSignedToken, signToken, type TokenKind } from "./signed-token";
import { tokenKeys, type TokenKey } from "./signing-keys";

const ACCESS_TOKEN: TokenKind = {
  type: "at+jwt",
  requiredClaims: ["sub", "sid", "email", "email_verified", "name", "role", "auth_time", "amr", "_"],
};

const accessClaims = z.object({
  sub: z.string(),
  sid: z.string(),
  email: z.string(),
  name: z.string(),
  role: z.string(),
  iat: z.int(),
  exp: z.int(),
  auth_time: z.int(),
  amr: z.array(z.string()),
  email_verified: z.boolean(),
  _: z.string(),
});

/** The contents of a verified access token. */
export interface Access extends EmailStatus {
  user: SignedInUser;
  sessionId: string;
  /** When the user last authenticated (`auth_time`, OpenID Connect Core, section 2). */
  authenticatedAt: Date;
  /** How (`amr`, RFC 8176). */
  authenticationMethods: string[];
  issuedAt: Date;
  expiresAt: Date;
  refreshDueAt: Date;
}

export interface AccessSubject {
  user: SignedInUser;
  isEmailVerified: boolean;
  sessionId: string;
  authenticatedAt: Date;
  authenticationMethods: string[];
  /** No token outlives its session's absolute limit. */
  absoluteExpiresAt: Date;
}

export async function mintAccessToken(
  subject: AccessSubject,
  client: Client,
  now: Date,
): Promise<{ token: string; access: Access }> {
  const { ACCESS_TOKEN_SECONDS, APP_ORIGIN } = env();
  const keys = tokenKeys().access;
  const claims = {
    sub: subject.user.id,
    sid: subject.sessionId,
    email: subject.user.email,
    name: subject.user.fullName,
    role: subject.user.role,
    email_verified: subject.isEmailVerified,
    auth_time: numericDate(subject.authenticatedAt),
    amr: subject.authenticationMethods,
    iat: numericDate(now),
    exp: numericDate(earlierOf(secondsAfter(now, ACCESS_TOKEN_SECONDS), subject.absoluteExpiresAt)),
    _: fingerprintOf(keys.current, client),
  };
  const token = await signToken(ACCESS_TOKEN, keys, APP_ORIGIN, claims);
  return { token, access: accessFrom(claims) };
}

interface VerifiedToken {
  access: Access;
  fingerprint: string;
  key: TokenKey;
  /** The client that last matched the fingerprint. */
  matchedClient: Pick<Client, "address" | "browser" | "os"> | null;
}

/** Tokens with a valid signature and valid claims, by digest: a token seen before costs one hash and no thread. */
const verified = new LRUCache<string, VerifiedToken>({ max: 20_000 });

/** The contents of a valid token. Null if it is not ours, not valid at `now`, or of another client. */
export async function readAccessToken(token: string, client: Client, now: Date): Promise<Access | null> {
  const digest = hash("sha256", token, "base64");
  const known = verified.get(digest) ?? (await verifyAndCache(token, digest, now));
  if (known === null) return null;

  const { access } = known;
  if (now.getTime() >= access.expiresAt.getTime()) return null;
  if (access.issuedAt.getTime() > secondsAfter(now, ISSUED_AT_TOLERANCE_SECONDS).getTime()) return null;
  return matchesClient(known, client) ? access : null;
}

/** A fingerprint depends on these three and the configuration alone, so it is computed once per client, not per request. */
function matchesClient(known: VerifiedToken, client: Client): boolean {
  const { address, browser, os } = client;
  const { matchedClient } = known;
  if (matchedClient?.address === address && matchedClient.browser === browser && matchedClient.os === os) return true;
  if (!fingerprintMatches(known.fingerprint, fingerprintOf(known.key, client))) return false;
  known.matchedClient = { address, browser, os };
  return true;
}

async function verifyAndCache(token: string, digest: string, now: Date): Promise<VerifiedToken | null> {
  const read = await verify(token, now);
  if (read !== null) verified.set(digest, read);
  return read;
}

async function verify(token: string, now: Date): Promise<VerifiedToken | null> {
  const read = await readSignedToken(ACCESS_TOKEN, tokenKeys().access, env().APP_ORIGIN, token, now);
  if (read === null || read === "expired") return null;
  const parsed = accessClaims.safeParse(read.claims);
  if (!parsed.success) return null;
  return { access: accessFrom(parsed.data), fingerprint: parsed.data._, key: read.key, matchedClient: null };
}

function accessFrom(claims: z.output<typeof accessClaims>): Access {
  const issuedAt = new Date(claims.iat * 1000);
  const expiresAt = new Date(claims.exp * 1000);
  return {
    user: { id: claims.sub, email: claims.email, fullName: claims.name, role: claims.role },
    isEmailVerified: claims.email_verified,
    mustVerifyEmail: env().REQUIRE_VERIFIED_EMAIL && !claims.email_verified,
    sessionId: claims.sid,
    authenticatedAt: new Date(claims.auth_time * 1000),
    authenticationMethods: claims.amr,
    issuedAt,
    expiresAt,
    refreshDueAt: refreshDueAt(issuedAt, expiresAt, env().REFRESH_BEFORE_EXPIRY_SECONDS),
  };
}

function fingerprintOf(key: TokenKey, client: Client): string {
  return fingerprint(key.key, client, { ip: env().IP_VALIDATION, agent: env().AGENT_VALIDATION });
}
