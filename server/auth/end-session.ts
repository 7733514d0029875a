import "server-only";
import type { Kysely } from "kysely";
import { isUnavailable } from "@/db/faults";
import type { Database } from "@/db/schema";
import { revokeSession } from "@/db/revocations";
import { securityEvent } from "@/server/security-log";
import { readRefreshToken } from "./refresh-token";
import { noteRevoked, readRevocations } from "./revocation-feed";

/** Why a session ended before its time. */
export type EndReason =
  | "logout"
  | "logout everywhere"
  | "revoked by user"
  | "password changed"
  | "replaced by login"
  | "replayed"
  | "user disabled";

/**
 * Ends one session, everywhere at once: here before this returns, on other instances with their next read of the feed. False
 * if there is none (or, given `userId`, not that user's).
 */
export async function endSession(
  db: Kysely<Database>,
  session: { id: string; userId?: string },
  reason: EndReason,
): Promise<boolean> {
  const ending = await revokeSession(db, { ...session, reason });
  if (ending === "unknown") return false;
  noteRevoked(session.id);
  // Told once: whoever ends it again changes nothing.
  if (ending === "ended") securityEvent("session-ended", { sessionId: session.id, userId: session.userId, reason });
  return true;
}

/** The session that a refresh token names, whatever generation the token is of. Null if the token is not ours. */
export async function presentedSession(refreshToken: string | null, now: Date): Promise<string | null> {
  const presented = refreshToken === null ? null : await readRefreshToken(refreshToken, now);
  return presented === null || presented === "expired" ? null : presented.sessionId;
}

/** Ends the session that the browser had before it signed in. It may be somebody else's: its own first line says whose. */
export async function endReplacedSession(db: Kysely<Database>, refreshToken: string | null, now: Date): Promise<void> {
  const id = await presentedSession(refreshToken, now);
  if (id !== null) await endSession(db, { id }, "replaced by login");
}

/** After a revocation of many: this instance learns which before the answer leaves. The revocation stands in any case. */
export async function learnOfRevocations(db: Kysely<Database>): Promise<void> {
  try {
    await readRevocations(db);
  } catch (error) {
    if (!isUnavailable(error)) throw error;
  }
}
