import "server-only";
import type { Kysely } from "kysely";
import type { Database } from "@/db/schema";
import { revokeAllSessions, revokeOtherSessions } from "@/db/revocations";
import { findSessionOwner } from "@/db/sessions";
import { securityEvent } from "@/server/security-log";
import { readAccessToken } from "./access-token";
import { idsOf, type Caller } from "./caller";
import type { Client } from "./client";
import type { PresentedCookies } from "./cookies";
import { endSession, learnOfRevocations, presentedSession } from "./end-session";
import { Refusal } from "./policy/refusals";
import { noteRevoked } from "./revocation-feed";

/** Ends whatever session the cookies name: either is enough, and an access token past its time is no obstacle. */
export async function logout(
  db: Kysely<Database>,
  cookies: PresentedCookies,
  client: Client,
  now: Date,
): Promise<void> {
  const presented = await presentedSession(cookies.refreshToken, now);
  const access = cookies.accessToken === null ? null : await readAccessToken(cookies.accessToken, client, now);
  if (presented !== null && presented !== access?.sessionId) {
    // Whose it is only the log asks: with two sessions to end that would be one statement too many.
    const userId = access === null ? await findSessionOwner(db, presented) : undefined;
    await endSession(db, { id: presented, userId }, "logout");
  }
  if (access !== null) await endSession(db, { id: access.sessionId, userId: access.user.id }, "logout");
}

/** Ends every session of the caller, this one and logins under way too. Refuses a caller whose session has ended. */
export async function logoutEverywhere(db: Kysely<Database>, caller: Caller, now: Date): Promise<void> {
  const revoked = await revokeAllSessions(db, idsOf(caller), "logout everywhere", now);
  if (revoked === null) throw new Refusal("SESSION_ENDED");
  noteRevoked(caller.session.id);
  await learnOfRevocations(db);
  securityEvent("all-sessions-ended", { userId: caller.user.id, revoked, reason: "logout everywhere" });
}

/** Ends every session of the caller but this one. Refuses a caller whose session has ended. */
export async function logoutOthers(db: Kysely<Database>, caller: Caller, now: Date): Promise<number> {
  const revoked = await revokeOtherSessions(db, idsOf(caller), "revoked by user", now);
  if (revoked === null) throw new Refusal("SESSION_ENDED");
  await learnOfRevocations(db);
  securityEvent("other-sessions-ended", { userId: caller.user.id, revoked, reason: "revoked by user" });
  return revoked;
}
