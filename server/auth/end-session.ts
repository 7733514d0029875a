import "server-only";
import type { Kysely } from "kysely";
import { isUnavailable } from "@/db/faults";
import type { Database } from "@/db/schema";
import { revokeSession } from "@/db/revocations";
import { securityEvent } from "@/server/security-log";
import { readRefreshToken } from "./refresh-token";
import { noteRevoked, readRevocations } from "./revocation-feed";

/** Why a session-ended before its time. */
export type EndReason =
  | "logout"
  | "logout everywhere"
  | "revoked by user"
  | "password changed"
  | "replaced by login"
  | "replayed"
  | "user disabled";

/** Ends one session, everywhere at once: here before this returns, on other instances with their next read of the feed. */
export async function endSession(
  db: Kysely<Database>,
  session: { id: string; userId?: string },
  reason: EndReason,
): Promise<boolean> {
  const isOurs = await revokeSession(db, { ...session, reason });
  if (isOurs) {
    noteRevoked(session.id);
    securityEvent("session-ended", { sessionId: session.id, userId: session.userId, reason });
  }
  return isOurs;
}

/** Ends the session that a refresh token in the request names, whatever generation the token is of. */
export async function endPresentedSession(
  db: Kysely<Database>,
  refreshToken: string | null,
  reason: EndReason,
  now: Date,
): Promise<string | null> {
  const presented = refreshToken === null ? null : await readRefreshToken(refreshToken, now);
  if (presented === null || presented === "expired") return null;
  await endSession(db, { id: presented.sessionId }, reason);
  return presented.sessionId;
}

/** After a revocation of many: this instance learns which before the answer leaves. The revocation stands in any case. */
export async function learnOfRevocations(db: Kysely<Database>): Promise<void> {
  try {
    await readRevocations(db);
  } catch (error) {
    if (!isUnavailable(error)) throw error;
  }
}
