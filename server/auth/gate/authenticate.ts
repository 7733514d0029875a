import "server-only";
import type { Kysely } from "kysely";
import { isUnavailable } from "@/db/faults";
import type { Database } from "@/db/schema";
import { isSessionLive } from "@/db/tables/sessions";
import { readAccessToken, type Access } from "@/server/auth/tokens/access-token";
import { clearedCookies, type CookieToSet, type PresentedCookies } from "@/server/auth/tokens/cookies";
import type { Client } from "@/server/auth/client/client";
import type { Caller } from "@/server/auth/policy/credentials";
import { decideAfterRefresh, decideGate, type GateDecision, type GateRequest } from "@/server/auth/policy/gate";
import { isRevocationPending } from "@/server/auth/sessions/pending-revocations";
import { tryRefresh } from "@/server/auth/sessions/refresh";
import { isMarkedRevoked, isRevocationFeedStale } from "@/server/auth/sessions/revocation-feed";
import { sessionOpenedAt } from "@/server/auth/sessions/sessions";

/** The facts about a request that its authentication depends on. */
export interface RequestFacts extends GateRequest {
  client: Client;
  cookies: PresentedCookies;
}

export interface Authentication {
  decision: GateDecision;
  /** The access token that the request has now, refreshed or its own. */
  access: Access | null;
  /** Cookies that the response must set: new tokens, or cleared ones. */
  cookies: CookieToSet[];
  /** How long to wait before a retry, where a refresh was not possible. */
  retryAfterSeconds?: number;
}

/** Reads the credentials of a request, refreshes them where that is due, and decides what happens to the request. */
export async function authenticate(db: Kysely<Database>, request: RequestFacts, now: Date): Promise<Authentication> {
  const { client } = request;
  const { accessToken, refreshToken } = request.cookies;
  const access = await authenticateAccessToken(db, accessToken, client, now);
  const credentials = { access, hasRefreshToken: refreshToken !== null };
  const first = decideGate(request, credentials, now);
  if (first.kind !== "refresh") return { decision: first, access, cookies: [] };

  // `decideGate` returns "refresh" only for a request that has a refresh token.
  const result = await tryRefresh(db, refreshToken!, client, now);
  const decision = decideAfterRefresh(request, result, credentials);
  switch (result.kind) {
    case "refreshed":
      return { decision, access: result.access, cookies: result.cookies };
    case "ended": {
      const clearsCookies = decision.kind !== "refuse" && decision.clearCookies;
      return { decision, access: null, cookies: clearsCookies ? clearedCookies() : [] };
    }
    case "unreadable":
      return { decision, access, cookies: [] };
    case "unavailable":
      return { decision, access, cookies: [], retryAfterSeconds: result.retryAfterSeconds };
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
  if (access === null || isMarkedRevoked(access.sessionId)) return null;
  const { sessionId: id, user } = access;
  // Not the time of authentication: a session that authenticated again since a logout everywhere was opened before it.
  if (isRevocationPending({ id, userId: user.id, createdAt: sessionOpenedAt(id) })) return null;
  if (isRevocationFeedStale() && !(await isLiveOrUnknown(db, id, now))) return null;
  return access;
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
