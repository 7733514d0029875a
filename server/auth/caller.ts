import "server-only";
import type { Kysely } from "kysely";
import { isUnavailable } from "@/db/faults";
import type { Database } from "@/db/schema";
import { isSessionLive, type CallerIds } from "@/db/sessions";
import { readAccessToken, type Access } from "./access-token";
import type { Client } from "./client";
import type { SignedIn } from "./policy/credentials";
import { isEndingPending } from "./pending-endings";
import { isKnownToBeRevoked, revocationFeedIsStale } from "./revocation-feed";

/** Somebody signed in: who, and by which session. How their credentials travelled is not its business. */
export interface Caller extends SignedIn {
  /** When the person last proved who they are. */
  authenticatedAt: Date;
}

/** What a *usable* access token says: ours, in time, this client's, and of a session that was not revoked. Reads no database. */
export async function usableAccess(
  db: Kysely<Database>,
  token: string | null,
  client: Client,
  now: Date,
): Promise<Access | null> {
  const access = token === null ? null : await readAccessToken(token, client, now);
  if (access === null || isKnownToBeRevoked(access.sessionId)) return null;
  const { sessionId: id, user, authenticatedAt: createdAt } = access;
  if (isEndingPending({ id, userId: user.id, createdAt })) return null;
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

/** For statements that look at the caller's own session before they change or list anything. */
export function idsOf({ user, session }: Caller): CallerIds {
  return { userId: user.id, sessionId: session.id };
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
