import "server-only";
import type { Kysely } from "kysely";
import type { Database } from "@/db/schema";
import { findSessionWithUser, type SessionWithUser } from "@/db/tables/sessions";
import type { PresentedCookies } from "@/server/auth/tokens/cookies";
import { sessionIdOfToken } from "@/server/auth/sessions/end-session";
import { isRevocationPending } from "@/server/auth/sessions/pending-revocations";
import { isMarkedRevoked } from "@/server/auth/sessions/revocation-feed";
import { hasEnded } from "@/server/auth/sessions/rotation";

/**
 * The live session of this browser, by its refresh cookie, which is not rotated: the procedures of links are public. Null if there is
 * none, or if it is not a session of `userId`.
 */
export async function findPresentedSession(
  db: Kysely<Database>,
  { refreshToken }: PresentedCookies,
  userId: string,
  now: Date,
): Promise<SessionWithUser | null> {
  const id = await sessionIdOfToken(refreshToken, now);
  if (id === null || isMarkedRevoked(id)) return null;
  const session = await findSessionWithUser(db, id);
  if (session === undefined || session.userId !== userId) return null;
  return hasEnded(session, now) || isRevocationPending(session) ? null : session;
}
