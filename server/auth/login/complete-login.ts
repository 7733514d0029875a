import "server-only";
import type { Kysely } from "kysely";
import { retryOnDeadlock } from "@/db/keyed-mutex";
import type { Database } from "@/db/schema";
import { insertNotice } from "@/db/tables/outgoing-mails";
import type { UserForLogin } from "@/db/tables/users";
import { newNotice } from "@/server/mail/notices";
import { securityEvent } from "@/server/runtime/security-events";
import type { Client } from "@/server/auth/client/client";
import type { AuthenticationMethod } from "@/server/auth/policy/authentication-methods";
import {
  ENDED_SESSION_RETENTION_SECONDS,
  NOTICE_SECONDS,
  secondsAfter,
  secondsBetween,
} from "@/server/auth/policy/lifetimes";
import { Refusal } from "@/server/auth/policy/refusals";
import { sessionIdOfToken } from "@/server/auth/sessions/end-session";
import type { IssuedTokens } from "@/server/auth/sessions/issue-tokens";
import { issueFirstTokens, openSession } from "@/server/auth/sessions/open-session";

/** How the user authenticated, and what they chose. */
export interface Authenticated {
  remember: boolean;
  methods: readonly AuthenticationMethod[];
}

/** Opens the session of a user who has proved everything that a login asks for. The last step of every kind of login. */
export async function completeLogin(
  db: Kysely<Database>,
  user: UserForLogin,
  { remember, methods }: Authenticated,
  client: Client,
  { presentedRefreshToken, now }: { presentedRefreshToken: string | null; now: Date },
): Promise<IssuedTokens> {
  // In one statement instead of a transaction. If the session is then not opened, the repeated login is reported by the same mail.
  if (isNewDevice(user, now)) await tellOwner(db, user, client, now);
  const replacedId = await sessionIdOfToken(presentedRefreshToken, now);
  const session = await openSession(db, user, remember, client, now, replacedId, methods);
  // All sessions were revoked while this login was in progress, so it is refused.
  if (session === null) {
    securityEvent("login-superseded", { userId: user.id, address: client.address });
    throw new Refusal("UNAVAILABLE", { retryAfterSeconds: 1 });
  }
  securityEvent("logged-in", { sessionId: session.id, userId: user.id, address: client.address, methods });
  return issueFirstTokens(db, session, client, now);
}

/**
 * Not the first login of an account. Its sessions are kept for some time after their end, so an older account without any may have had
 * one.
 */
function isNewDevice({ knownSessionId, hasEarlierSession, createdAt }: UserForLogin, now: Date): boolean {
  if (knownSessionId !== null) return false;
  return hasEarlierSession === 1 || secondsBetween(createdAt, now) > ENDED_SESSION_RETENTION_SECONDS;
}

async function tellOwner(
  db: Kysely<Database>,
  { id: userId, email }: UserForLogin,
  client: Client,
  now: Date,
): Promise<void> {
  const notice = newNotice({ kind: "new-device" }, { userId, email }, client, now);
  await retryOnDeadlock(() => insertNotice(db, notice, secondsAfter(now, -NOTICE_SECONDS)));
}
