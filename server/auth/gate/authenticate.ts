import "server-only";
import type { Kysely } from "kysely";
import { isUnavailable } from "@/db/faults";
import type { Database } from "@/db/schema";
import { isSessionLive } from "@/db/tables/sessions";
import { readAccessToken, type Access } from "@/server/auth/tokens/access-token";
import type { Client } from "@/server/auth/client/client";
import type { Caller } from "@/server/auth/policy/credentials";
import { isRevocationPending } from "@/server/auth/sessions/pending-revocations";
import { isKnownToBeRevoked, revocationFeedIsStale } from "@/server/auth/sessions/revocation-feed";

/** What a *usable* access token says: ours, in time, this client's, and of a session that was not revoked. Reads no database. */
export async function authenticateAccessToken(
  db: Kysely<Database>,
  token: string | null,
  client: Client,
  now: Date,
): Promise<Access | null> {
  const access = token === null ? null : await readAccessToken(token, client, now);
  if (access === null || isKnownToBeRevoked(access.sessionId)) return null;
  const { sessionId: id, user, authenticatedAt: createdAt } = access;
  if (isRevocationPending({ id, userId: user.id, createdAt })) return null;
  if (revocationFeedIsStale() && !(await isLiveAsFarAsKnown(db, access.sessionId, now))) return null;
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
  };
}

/** While there is no news of revocations the row is asked. If the database is away too, the signed token alone decides. */
async function isLiveAsFarAsKnown(db: Kysely<Database>, sessionId: string, now: Date): Promise<boolean> {
  try {
    return await isSessionLive(db, sessionId, now);
  } catch (error) {
    if (isUnavailable(error)) return true;
    throw error;
  }
}
