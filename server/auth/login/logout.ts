import "server-only";
import type { Kysely } from "kysely";
import type { Database } from "@/db/schema";
import { isUnavailable } from "@/db/faults";
import { revokeAllSessions, revokeOtherSessions } from "@/db/tables/revocations";
import { findSessionOwner } from "@/db/tables/sessions";
import { log } from "@/server/runtime/log";
import { securityEvent } from "@/server/runtime/security-events";
import { readAccessToken } from "@/server/auth/tokens/access-token";
import { callerIds, type Caller, type Identity } from "@/server/auth/policy/credentials";
import type { Client } from "@/server/auth/client/client";
import type { PresentedCookies } from "@/server/auth/tokens/cookies";
import { endSession, syncRevocations, sessionIdOfToken } from "@/server/auth/sessions/end-session";
import { mintEndToken, readEndToken, type Revocations } from "@/server/auth/tokens/end-token";
import { rememberEnding } from "@/server/auth/sessions/known-endings";
import { queueRevocation } from "@/server/auth/sessions/pending-revocations";
import { Refusal } from "@/server/auth/policy/refusals";
import { markRevoked } from "@/server/auth/sessions/revocation-feed";

/** Revokes the sessions that the cookies name: either cookie suffices, and the access token may have expired. */
export async function logout(
  db: Kysely<Database>,
  cookies: PresentedCookies,
  client: Client,
  now: Date,
): Promise<void> {
  const presented = await sessionIdOfToken(cookies.refreshToken, now);
  const access = cookies.accessToken === null ? null : await readAccessToken(cookies.accessToken, client, now);
  const sessionIds = [...new Set([presented, access?.sessionId].filter((id) => id != null))];
  await endOrQueue(db, { sessionIds, reason: "logout" }, now, async () => {
    if (presented !== null && presented !== access?.sessionId) {
      // Only the log needs the user: with two sessions to revoke the extra statement is saved.
      const userId = access === null ? await findSessionOwner(db, presented) : undefined;
      await endSession(db, { id: presented, userId }, "logout");
    }
    if (access !== null) await endSession(db, { id: access.sessionId, userId: access.user.id }, "logout");
  });
}

/**
 * Revokes the sessions named by an end token, except the one whose refresh cookie the browser holds: a repeated logout or a late
 * check must not log the user out. True if there was such a session.
 */
export async function endByEndToken(
  db: Kysely<Database>,
  token: string,
  cookies: PresentedCookies,
  now: Date,
): Promise<boolean> {
  const endings = await readEndToken(token, now);
  if (endings === null) throw new Refusal("BAD_INPUT", { fields: { endToken: "That is not an end token." } });
  if (endings === "expired") return false;
  const held = await sessionIdOfToken(cookies.refreshToken, now);
  const left = { ...endings, sessionIds: endings.sessionIds.filter((id) => id !== held) };
  await endOrQueue(db, left, now, () => endNamedSessions(db, left));
  return left.sessionIds.length < endings.sessionIds.length;
}

/** If the database is unavailable, the revocations are queued, and the refusal carries an end token to repeat the request with. */
async function endOrQueue(
  db: Kysely<Database>,
  endings: Revocations,
  now: Date,
  end: () => Promise<void>,
): Promise<void> {
  try {
    await end();
  } catch (error) {
    if (error instanceof Refusal) throw error;
    // Queue after any error: the response clears the cookies, so no later request of the browser could revoke the sessions.
    if (!isUnavailable(error)) log.error({ err: error }, "a logout failed");
    queueRevocation(db, endings, (part) => endNamedSessions(db, part));
    throw new Refusal("UNAVAILABLE", { retryAfterSeconds: 1, endToken: await mintEndToken(endings, now) });
  }
}

/** For an end token or a queued logout. Sessions opened since it was requested are not revoked. */
async function endNamedSessions(db: Kysely<Database>, { sessionIds, reason, all }: Revocations): Promise<void> {
  for (const id of sessionIds) await endSession(db, { id }, reason);
  if (all === undefined) return;
  const { userId, before } = all;
  const ended = await revokeAllSessions(db, { userId, openedBy: before }, reason, before);
  if (ended !== null) rememberEnding({ userId, reason, sessionEpoch: ended.sessionEpoch, openedBy: before });
  await syncRevocations(db);
  securityEvent("all-sessions-ended", { userId, openedBy: before, revoked: ended?.revoked, reason });
}

/** Revokes every session of the caller, including this one and logins in progress. Refuses a caller whose session has ended. */
export async function logoutEverywhere(db: Kysely<Database>, caller: Caller, now: Date): Promise<void> {
  const { user, session } = caller;
  const endings: Revocations = {
    sessionIds: [session.id],
    reason: "logout everywhere",
    all: { userId: user.id, before: now },
  };
  await endOrQueue(db, endings, now, async () => {
    const ended = await revokeAllSessions(db, callerIds(caller), endings.reason, now);
    if (ended === null) throw new Refusal("SESSION_ENDED");
    const { revoked, sessionEpoch } = ended;
    rememberEnding({ userId: user.id, reason: endings.reason, sessionEpoch, openedBy: now });
    markRevoked(session.id, endings.reason);
    await syncRevocations(db);
    securityEvent("all-sessions-ended", { userId: user.id, openedBy: now, revoked, reason: endings.reason });
  });
}

/** Revokes every session of the caller except this one. Refuses a caller whose session has ended. */
export async function logoutOthers(db: Kysely<Database>, caller: Identity, now: Date): Promise<number> {
  const reason = "revoked by user";
  const ended = await revokeOtherSessions(db, callerIds(caller), reason, now);
  if (ended === null) throw new Refusal("SESSION_ENDED");
  const { revoked, sessionEpoch } = ended;
  rememberEnding({ userId: caller.user.id, reason, sessionEpoch, openedBy: now, keptId: caller.session.id });
  await syncRevocations(db);
  // With the session that stays.
  const { user, session } = caller;
  securityEvent("other-sessions-ended", { userId: user.id, sessionId: session.id, openedBy: now, revoked, reason });
  return revoked;
}
