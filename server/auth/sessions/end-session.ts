import "server-only";
import type { Kysely } from "kysely";
import { DatabaseFault, isUnavailable } from "@/db/faults";
import type { Database } from "@/db/schema";
import { revokeOwnSession, revokeSession, type RevocationResult } from "@/db/tables/revocations";
import { log } from "@/server/runtime/log";
import { securityEvent } from "@/server/runtime/security-events";
import { callerIds, type Caller } from "@/server/auth/policy/credentials";
import { Refusal } from "@/server/auth/policy/refusals";
import { readRefreshToken } from "@/server/auth/tokens/refresh-token";
import { markRevoked, readRevocations } from "./revocation-feed";

/** Why a session ended before its time. */
export type EndReason =
  | "logout"
  | "logout everywhere"
  | "revoked by user"
  | "password changed"
  | "replaced by login"
  | "too many sessions"
  | "never delivered"
  | "replayed"
  | "user disabled"
  | "cookies not kept";

/**
 * Ends one session, everywhere at once: here before this returns, on other instances with their next read of the feed. False
 * if there is none (or, given `userId`, not that user's).
 */
export async function endSession(
  db: Kysely<Database>,
  session: { id: string; userId?: string },
  reason: EndReason,
): Promise<boolean> {
  return recordEnd(await revokeSession(db, { ...session, reason }), session, reason);
}

/** Ends one of the caller's own sessions, in the same way. False if there is none. Refuses a caller whose session has ended. */
export async function endOwnSession(db: Kysely<Database>, caller: Caller, id: string, now: Date): Promise<boolean> {
  const reason: EndReason = "revoked by user";
  const ending = await revokeOwnSession(db, callerIds(caller), { id, reason, now });
  if (ending === "caller ended") throw new Refusal("SESSION_ENDED");
  return recordEnd(ending, { id, userId: caller.user.id }, reason);
}

function recordEnd(ending: RevocationResult, session: { id: string; userId?: string }, reason: EndReason): boolean {
  if (ending === "unknown") return false;
  markRevoked(session.id);
  // Told once: whoever ends it again changes nothing.
  if (ending === "ended") securityEvent("session-ended", { sessionId: session.id, userId: session.userId, reason });
  return true;
}

/** The session that a refresh token names, whatever generation the token is of. Null if the token is not ours. */
export async function sessionIdOfToken(refreshToken: string | null, now: Date): Promise<string | null> {
  const presented = refreshToken === null ? null : await readRefreshToken(refreshToken, now);
  return presented === null || presented === "expired" ? null : presented.sessionId;
}

/** Longer than a statement that was under way when its connection was lost can still take effect. */
const STATEMENT_SECONDS = 10;
const RETRY_MILLISECONDS = 1000;
const RETRY_TIMEOUT_SECONDS = 3600;
const MAX_UNDELIVERED = 1000;

const undelivered = new Set<string>();

/**
 * Ends a session whose tokens nobody received, in the background: as soon as the database answers, and as often as it takes to be
 * sure that its row did not appear later.
 */
export function endUndelivered(db: Kysely<Database>, sessionId: string): void {
  if (undelivered.size >= MAX_UNDELIVERED) return;
  undelivered.add(sessionId);
  endWithRetries(db, sessionId)
    .catch((error: unknown) => log.error({ err: error, sessionId }, "a session that nobody holds could not be ended"))
    .finally(() => undelivered.delete(sessionId));
}

async function endWithRetries(db: Kysely<Database>, id: string): Promise<void> {
  const startedAt = performance.now();
  const secondsTaken = () => (performance.now() - startedAt) / 1000;
  for (;;) {
    try {
      if ((await endSession(db, { id }, "never delivered")) || secondsTaken() > STATEMENT_SECONDS) return;
    } catch (error) {
      if (!isUnavailable(error) || isClosed(error) || secondsTaken() > RETRY_TIMEOUT_SECONDS) throw error;
    }
    await new Promise((resolve) => setTimeout(resolve, RETRY_MILLISECONDS).unref());
  }
}

function isClosed(error: unknown): boolean {
  return error instanceof DatabaseFault && error.code === "POOL_CLOSED";
}

/** After a revocation of many: this instance learns which before the answer leaves. The revocation stands in any case. */
export async function syncRevocations(db: Kysely<Database>): Promise<void> {
  try {
    await readRevocations(db);
  } catch (error) {
    // Not thrown: the answer may carry the tokens of a new session.
    if (!isUnavailable(error)) log.error({ err: error }, "the revocation feed cannot be read");
  }
}
