import "server-only";
import type { Kysely } from "kysely";
import { isUnavailable } from "@/db/faults";
import type { Database } from "@/db/schema";
import {
  revokeOwnSession,
  revokeSession,
  revokeSessionWithNotice,
  type RevocationResult,
} from "@/db/tables/revocations";
import type { SessionWithUser } from "@/db/tables/sessions";
import { newNotice } from "@/server/mail/notices";
import { log } from "@/server/runtime/log";
import { securityEvent } from "@/server/runtime/security-events";
import type { Client } from "@/server/auth/client/client";
import { callerIds, type Identity } from "@/server/auth/policy/credentials";
import { NOTICE_SECONDS, secondsAfter } from "@/server/auth/policy/lifetimes";
import { Refusal } from "@/server/auth/policy/refusals";
import { readRefreshToken } from "@/server/auth/tokens/refresh-token";
import { markRevoked, readRevocations } from "./revocation-feed";

/** Why a session was revoked. */
export type EndReason =
  | "logout"
  | "logout everywhere"
  | "revoked by user"
  | "password changed"
  | "password reset"
  | "address restored"
  | "not me"
  | "replaced by login"
  | "too many sessions"
  | "never delivered"
  | "replayed"
  | "user disabled"
  | "account deletion"
  | "cookies not kept"
  /** The database had lost the revocation, and this instance did not know its reason. */
  | "written again"
  /** By `npm run revocations`. */
  | "ended by operator";

/**
 * Revokes one session: on this instance before this returns, on others with their next read of the feed. False if there is
 * no such session (or, given `userId`, if it is another user's; given `judged`, if its row has changed since).
 */
export async function endSession(
  db: Kysely<Database>,
  { id, userId }: { id: string; userId?: string },
  reason: EndReason,
): Promise<boolean> {
  return recordEnd(await revokeSession(db, { id, userId, reason }), { id, userId }, reason);
}

/** Ends a session that two clients hold, and tells its owner. False if its row has changed since it was judged. */
export async function endReplayedSession(
  db: Kysely<Database>,
  { id, userId, email, currentNonce, handedAt }: SessionWithUser,
  client: Client,
  now: Date,
): Promise<boolean> {
  const reason: EndReason = "replayed";
  const judged = { currentNonce, handedAt };
  const notice = newNotice({ kind: "session-replayed" }, { userId, email }, client, now);
  const since = secondsAfter(now, -NOTICE_SECONDS);
  const ending = await revokeSessionWithNotice(db, { id, userId, reason, judged }, notice, since);
  return recordEnd(ending, { id, userId }, reason);
}

/** Revokes one of the caller's own sessions, likewise. False if there is none. Refuses a caller whose session has ended. */
export async function endOwnSession(db: Kysely<Database>, caller: Identity, id: string, now: Date): Promise<boolean> {
  const reason: EndReason = "revoked by user";
  const ending = await revokeOwnSession(db, callerIds(caller), { id, reason, now });
  if (ending === "caller ended") throw new Refusal("SESSION_ENDED");
  return recordEnd(ending, { id, userId: caller.user.id }, reason);
}

function recordEnd(ending: RevocationResult, session: { id: string; userId?: string }, reason: EndReason): boolean {
  if (ending === "unknown") return false;
  markRevoked(session.id, reason);
  // Logged once: ending it again changes nothing.
  if (ending === "ended") securityEvent("session-ended", { sessionId: session.id, userId: session.userId, reason });
  return true;
}

/** The session of a refresh token of any generation. Null if the token is expired or not ours. */
export async function sessionIdOfToken(refreshToken: string | null, now: Date): Promise<string | null> {
  const presented = refreshToken === null ? null : await readRefreshToken(refreshToken, now);
  return presented === null || presented === "expired" ? null : presented.sessionId;
}

/**
 * Reads the feed after a revocation of many sessions, so that this instance refuses them before it responds. The revocation
 * itself is committed.
 */
export async function syncRevocations(db: Kysely<Database>): Promise<void> {
  try {
    await readRevocations(db);
  } catch (error) {
    // Not thrown: the response may carry the tokens of a new session.
    if (!isUnavailable(error)) log.error({ err: error }, "the revocation feed cannot be read");
  }
}
