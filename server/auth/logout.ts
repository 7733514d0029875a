import "server-only";
import type { Kysely } from "kysely";
import type { Database } from "@/db/schema";
import { revokeAllSessions, revokeOtherSessions } from "@/db/revocations";
import { securityEvent } from "@/server/security-log";
import { readAccessToken } from "./access-token";
import type { Caller } from "./caller";
import type { Client } from "./client";
import type { PresentedCookies } from "./cookies";
import { endPresentedSession, endSession, learnOfRevocations } from "./end-session";
import { noteRevoked } from "./revocation-feed";

/** Ends whatever session the cookies name: either is enough, and an access token past its time is no obstacle. */
export async function logout(
  db: Kysely<Database>,
  cookies: PresentedCookies,
  client: Client,
  now: Date,
): Promise<void> {
  const ended = await endPresentedSession(db, cookies.refreshToken, "logout", now);
  const access = cookies.accessToken === null ? null : await readAccessToken(cookies.accessToken, client, now);
  if (access !== null && access.sessionId !== ended) {
    await endSession(db, { id: access.sessionId, userId: access.user.id }, "logout");
  }
}

/** Ends every session of the caller, this one and logins under way too. */
export async function logoutEverywhere(db: Kysely<Database>, caller: Caller): Promise<void> {
  const revoked = await revokeAllSessions(db, caller.user.id, "logout everywhere");
  noteRevoked(caller.session.id);
  await learnOfRevocations(db);
  securityEvent("all-sessions-ended", { userId: caller.user.id, revoked, reason: "logout everywhere" });
}

/** Ends every session of the caller but this one. */
export async function logoutOthers(db: Kysely<Database>, caller: Caller): Promise<number> {
  const revoked = await revokeOtherSessions(db, caller.user.id, caller.session.id, "revoked by user");
  await learnOfRevocations(db);
  securityEvent("other-sessions-ended", { userId: caller.user.id, revoked, reason: "revoked by user" });
  return revoked;
}
