import "server-only";
import type { Kysely } from "kysely";
import { isUnavailable } from "@/db/faults";
import type { Database } from "@/db/schema";
import { isSessionLive } from "@/db/tables/sessions";
import { readAccessToken, type Access } from "@/server/auth/tokens/access-token";
import { hasKeyFeedStarted } from "@/server/auth/tokens/bearer-key-feed";
import { readBearerToken, type Bearer } from "@/server/auth/tokens/bearer-token";
import { clearedCookies, type CookieToSet, type PresentedCookies } from "@/server/auth/tokens/cookies";
import type { Client } from "@/server/auth/client/client";
import type { Caller } from "@/server/auth/policy/credentials";
import { decideAfterRefresh, decideGate, type GateDecision, type GateRequest } from "@/server/auth/policy/gate";
import { Refusal } from "@/server/auth/policy/refusals";
import { isRevocationPending } from "@/server/auth/sessions/pending-revocations";
import { tryRefresh } from "@/server/auth/sessions/refresh";
import { isMarkedRevoked, isRevocationFeedStale } from "@/server/auth/sessions/revocation-feed";
import { sessionOpenedAt } from "@/server/auth/sessions/sessions";

/** The facts about a request that its authentication depends on. */
export interface RequestFacts extends GateRequest {
  client: Client;
  cookies: PresentedCookies;
  /** Of a call that presents a bearer token, and therefore no cookie. Pages take cookies only. */
  bearerToken?: string | null;
}

export interface Authentication {
  decision: GateDecision;
  /** The access token that the request has now, refreshed or its own. */
  access: Access | null;
  /** The contents of the request's bearer token. */
  bearer: Bearer | null;
  /** Cookies that the response must set: new tokens, or cleared ones. */
  cookies: CookieToSet[];
  /** How long to wait before a retry, where a refresh was not possible. */
  retryAfterSeconds?: number;
}

/** Reads the credentials of a request, refreshes them where that is due, and decides what happens to the request. */
export async function authenticate(db: Kysely<Database>, request: RequestFacts, now: Date): Promise<Authentication> {
  if (typeof request.bearerToken === "string") return authenticateBearer(db, request.bearerToken, now);
  const { client } = request;
  const { accessToken, refreshToken } = request.cookies;
  const access = await authenticateAccessToken(db, accessToken, client, now);
  const credentials = { access, hasRefreshToken: refreshToken !== null };
  const first = decideGate(request, credentials, now);
  if (first.kind !== "refresh") return { decision: first, access, bearer: null, cookies: [] };

  // `decideGate` returns "refresh" only for a request that has a refresh token.
  const result = await tryRefresh(db, refreshToken!, client, now);
  const decision = decideAfterRefresh(request, result, credentials);
  switch (result.kind) {
    case "refreshed":
      return { decision, access: result.access, bearer: null, cookies: result.cookies };
    case "ended": {
      const clearsCookies = decision.kind !== "refuse" && decision.clearCookies;
      return { decision, access: null, bearer: null, cookies: clearsCookies ? clearedCookies() : [] };
    }
    case "unreadable":
      return { decision, access, bearer: null, cookies: [] };
    case "unavailable":
      return { decision, access, bearer: null, cookies: [], retryAfterSeconds: result.retryAfterSeconds };
  }
}

/**
 * The contents of a valid access token: ours, not expired, of this client, of a session that is not revoked. Reads the
 * database only while the revocation feed is stale.
 */
export async function authenticateAccessToken(
  db: Kysely<Database>,
  token: string | null,
  client: Client,
  now: Date,
): Promise<Access | null> {
  const access = token === null ? null : await readAccessToken(token, client, now);
  if (access === null) return null;
  return (await isUsable(db, access.sessionId, access.user.id, now)) ? access : null;
}

/** A bearer token is never refreshed, and no cookie is read or set. Throws UNAVAILABLE while it cannot be verified. */
async function authenticateBearer(db: Kysely<Database>, token: string, now: Date): Promise<Authentication> {
  if (!hasKeyFeedStarted()) throw new Refusal("UNAVAILABLE", { retryAfterSeconds: 1 });
  const read = await readBearerToken(token, now);
  const bearer = read !== null && (await isUsable(db, read.sessionId, read.userId, now)) ? read : null;
  const decision: GateDecision =
    bearer === null ? { kind: "refuse", reason: "INVALID_TOKEN" } : { kind: "proceed", clearCookies: false };
  return { decision, access: null, bearer, cookies: [] };
}

/** Whether the session of a valid token has not been revoked. */
async function isUsable(db: Kysely<Database>, id: string, userId: string, now: Date): Promise<boolean> {
  if (isMarkedRevoked(id)) return false;
  // Not the time of authentication: a session that authenticated again since a logout everywhere was opened before it.
  if (isRevocationPending({ id, userId, createdAt: sessionOpenedAt(id) })) return false;
  return !isRevocationFeedStale() || isLiveOrUnknown(db, id, now);
}

export function callerOf(access: Access): Caller {
  return {
    user: access.user,
    session: {
      id: access.sessionId,
      expiresAt: access.expiresAt.toISOString(),
      refreshAt: access.refreshDueAt.toISOString(),
    },
    authenticatedAt: access.authenticatedAt,
    authenticationMethods: access.authenticationMethods,
    isEmailVerified: access.isEmailVerified,
    mustVerifyEmail: access.mustVerifyEmail,
  };
}

/** Reads the session's row. If the database is unavailable too, the signed token alone decides. */
async function isLiveOrUnknown(db: Kysely<Database>, sessionId: string, now: Date): Promise<boolean> {
  try {
    return await isSessionLive(db, sessionId, now);
  } catch (error) {
    if (isUnavailable(error)) return true;
    throw error;
  }
}
