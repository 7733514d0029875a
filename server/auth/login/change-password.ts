import "server-only";
import type { Kysely } from "kysely";
import type { Database, NewSession, User } from "@/db/schema";
import { changePassword as replacePassword } from "@/db/tables/revocations";
import { findUserOfLiveSession } from "@/db/tables/users";
import { newNotice } from "@/server/mail/notices";
import { securityEvent } from "@/server/runtime/security-events";
import { SUPERSEDES } from "@/server/auth/policy/confirmations";
import { callerIds, type Caller } from "@/server/auth/policy/credentials";
import type { Client } from "@/server/auth/client/client";
import { syncRevocations } from "@/server/auth/sessions/end-session";
import { rememberEnding } from "@/server/auth/sessions/known-endings";
import type { IssuedTokens } from "@/server/auth/sessions/issue-tokens";
import type { ChangePasswordInput } from "@/server/auth/inputs/inputs";
import { issueFirstTokens, confirmInsert } from "@/server/auth/sessions/open-session";
import { hashPassword, passwordMatches } from "@/server/auth/passwords/password";
import { refuseWeakPassword } from "@/server/auth/passwords/password-strength";
import { PASSWORD_EXISTS_MESSAGE, Refusal } from "@/server/auth/policy/refusals";
import { userFailureLimit, clearAccountFailures, decrement, consume } from "@/server/auth/rate-limits/rate-limit";
import { markRevoked } from "@/server/auth/sessions/revocation-feed";
import { openedSession, newSession } from "@/server/auth/sessions/sessions";

/**
 * Replaces the password, revokes every session and opens a new one for the caller, so that holders of the old password or of copied
 * cookies lose access.
 */
export async function changePassword(
  db: Kysely<Database>,
  caller: Caller,
  input: ChangePasswordInput,
  client: Client,
  now: Date,
): Promise<IssuedTokens> {
  const user = await findUserOfLiveSession(db, callerIds(caller), now);
  if (user === undefined) throw new Refusal("SESSION_ENDED");

  // Limited like a login: an unlocked device gives others the chance to guess the password.
  const failure = await consume(db, userFailureLimit(user.id), now);
  if (!(await passwordMatches(user.passwordHash, input.currentPassword))) throw wrongPassword();
  decrement(db, failure);

  const session = newSession(user.id, user.remember, client, now);
  const tokens = await replaceHash(db, caller, user, input.newPassword, session, client, now);
  if (tokens === null) throw wrongPassword();
  return tokens;
}

/**
 * The first password of an account that has none. Ends sessions as a change does. The new session of the caller keeps what they have
 * proved, which did not include the password.
 */
export async function setPassword(
  db: Kysely<Database>,
  caller: Caller,
  newPassword: string,
  client: Client,
  now: Date,
): Promise<IssuedTokens> {
  const user = await findUserOfLiveSession(db, callerIds(caller), now);
  if (user === undefined) throw new Refusal("SESSION_ENDED");
  if (user.passwordHash !== "") throw hasPassword();

  const { authenticatedAt, authenticationMethods: methods } = caller;
  const proved = { authenticatedAt, authenticationMethods: methods.join(" ") };
  const session = { ...newSession(user.id, user.remember, client, now), ...proved };
  const tokens = await replaceHash(db, caller, user, newPassword, session, client, now);
  if (tokens === null) throw hasPassword();
  return tokens;
}

/** Null if the password was changed meanwhile. */
async function replaceHash(
  db: Kysely<Database>,
  caller: Caller,
  user: User,
  newPassword: string,
  session: NewSession,
  client: Client,
  now: Date,
): Promise<IssuedTokens | null> {
  await refuseWeakPassword("newPassword", newPassword, user);
  const newHash = await hashPassword(newPassword);
  const mail = newNotice({ kind: "password-changed" }, { userId: user.id, email: user.email }, client, now);
  const superseded = SUPERSEDES["change-password"];
  const change = { ...callerIds(caller), oldHash: user.passwordHash, newHash, session, mail, superseded, now };
  const outcome = await confirmInsert(db, session, () => replacePassword(db, change), "changed");
  if (outcome === "caller ended") throw new Refusal("SESSION_ENDED");
  if (outcome === "wrong password") return null;

  const { id: sessionId } = session;
  rememberEnding({
    userId: user.id,
    reason: "password changed",
    // Or later: the row may have changed since it was read.
    sessionEpoch: user.sessionEpoch + 1,
    openedBy: now,
    keptId: sessionId,
    password: { oldHash: user.passwordHash, newHash, changedAt: now },
  });
  markRevoked(caller.session.id, "password changed");
  securityEvent("password-changed", {
    userId: user.id,
    sessionId,
    replaced: caller.session.id,
    openedBy: now,
    address: client.address,
  });
  const grant = await issueFirstTokens(db, openedSession(session, user), client, now);
  await syncRevocations(db);
  await clearAccountFailures(db, user.email, now);
  return grant;
}

function hasPassword(): Refusal {
  return new Refusal("BAD_INPUT", {}, PASSWORD_EXISTS_MESSAGE);
}

function wrongPassword(): Refusal {
  return new Refusal("WRONG_PASSWORD", { fields: { currentPassword: "That is not your current password." } });
}
