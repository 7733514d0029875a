import "server-only";
import type { Kysely } from "kysely";
import type { Database } from "@/db/schema";
import { isUnavailable } from "@/db/faults";
import { revokeAllSessions, revokeOtherSessions } from "@/db/tables/revocations";
import { findSessionOwner } from "@/db/tables/sessions";
import { log } from "@/server/runtime/log";
import { securityEvent } from "@/server/runtime/security-events";
import { readAccessToken } from "@/server/auth/tokens/access-token";
import { idsOf, type Caller } from "@/server/auth/policy/credentials";
import type { Client } from "@/server/auth/client/client";
import type { PresentedCookies } from "@/server/auth/tokens/cookies";
import { endSession, syncRevocations, presentedSession } from "@/server/auth/sessions/end-session";
import { mintEndToken, readEndToken, type Revocations } from "@/server/auth/tokens/end-token";
import { queueRevocation } from "@/server/auth/sessions/pending-revocations";
import { Refusal } from "@/server/auth/policy/refusals";
import { noteRevoked } from "@/server/auth/sessions/revocation-feed";

/** Ends whatever session the cookies name: either is enough, and an access token past its time is no obstacle. */
export async function logout(
  db: Kysely<Database>,
  cookies: PresentedCookies,
  client: Client,
  now: Date,
): Promise<void> {
  const presented = await presentedSession(cookies.refreshToken, now);
  const access = cookies.accessToken === null ? null : await readAccessToken(cookies.accessToken, client, now);
  const sessionIds = [...new Set([presented, access?.sessionId].filter((id) => id != null))];
  await endOrQueue(db, { sessionIds, reason: "logout" }, now, async () => {
    if (presented !== null && presented !== access?.sessionId) {
      // Whose it is only the log asks: with two sessions to end that would be one statement too many.
      const userId = access === null ? await findSessionOwner(db, presented) : undefined;
      await endSession(db, { id: presented, userId }, "logout");
    }
    if (access !== null) await endSession(db, { id: access.sessionId, userId: access.user.id }, "logout");
  });
}

/**
 * Ends what an end token names, except the session whose refresh cookie the browser holds: that one was kept, and nobody is
 * logged out by a repeated logout or a late check. True if there was such a session.
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
  const held = await presentedSession(cookies.refreshToken, now);
  const left = { ...endings, sessionIds: endings.sessionIds.filter((id) => id !== held) };
  await endOrQueue(db, left, now, () => endNamedSessions(db, left));
  return left.sessionIds.length < endings.sessionIds.length;
}

/** The database may be away: then the endings are kept for it, and the refusal carries what a browser can repeat them with. */
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
    // Whatever failed, the cookies are cleared with this answer: no later request of the browser could end them.
    if (!isUnavailable(error)) log.error({ err: error }, "a logout failed");
    queueRevocation(db, endings, (part) => endNamedSessions(db, part));
    throw new Refusal("UNAVAILABLE", { retryAfterSeconds: 1, endToken: await mintEndToken(endings, now) });
  }
}

/** What an end token or a logout from before names. Sessions that were opened since are not meant. */
async function endNamedSessions(db: Kysely<Database>, { sessionIds, reason, all }: Revocations): Promise<void> {
  for (const id of sessionIds) await endSession(db, { id }, reason);
  if (all === undefined) return;
  const { userId, before } = all;
  const revoked = await revokeAllSessions(db, { userId, openedBy: before }, reason, before);
  await syncRevocations(db);
  securityEvent("all-sessions-ended", { userId, revoked, reason });
}

/** Ends every session of the caller, this one and logins under way too. Refuses a caller whose session has ended. */
export async function logoutEverywhere(db: Kysely<Database>, caller: Caller, now: Date): Promise<void> {
  const { user, session } = caller;
  const endings: Revocations = {
    sessionIds: [session.id],
    reason: "logout everywhere",
    all: { userId: user.id, before: now },
  };
  await endOrQueue(db, endings, now, async () => {
    const revoked = await revokeAllSessions(db, idsOf(caller), endings.reason, now);
    if (revoked === null) throw new Refusal("SESSION_ENDED");
    noteRevoked(session.id);
    await syncRevocations(db);
    securityEvent("all-sessions-ended", { userId: user.id, revoked, reason: endings.reason });
  });
}

/** Ends every session of the caller but this one. Refuses a caller whose session has ended. */
export async function logoutOthers(db: Kysely<Database>, caller: Caller, now: Date): Promise<number> {
  const revoked = await revokeOtherSessions(db, idsOf(caller), "revoked by user", now);
  if (revoked === null) throw new Refusal("SESSION_ENDED");
  await syncRevocations(db);
  securityEvent("other-sessions-ended", { userId: caller.user.id, revoked, reason: "revoked by user" });
  return revoked;
}
