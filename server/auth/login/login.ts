import "server-only";
import type { Kysely } from "kysely";
import { isUnavailable } from "@/db/faults";
import { retryOnDeadlock } from "@/db/keyed-mutex";
import type { Database } from "@/db/schema";
import { insertNotice } from "@/db/tables/outgoing-mails";
import { findUserForLogin, replacePasswordHash, type UserForLogin } from "@/db/tables/users";
import { newNotice } from "@/server/mail/notices";
import { securityEvent } from "@/server/runtime/security-events";
import type { Client } from "@/server/auth/client/client";
import { sessionIdOfToken } from "@/server/auth/sessions/end-session";
import type { IssuedTokens } from "@/server/auth/sessions/issue-tokens";
import type { LoginInput } from "@/server/auth/inputs/inputs";
import { isUserRowOutdated, rememberDisabled } from "@/server/auth/sessions/known-endings";
import { issueFirstTokens, openSession } from "@/server/auth/sessions/open-session";
import { hashPassword, needsRehash, passwordMatches } from "@/server/auth/passwords/password";
import {
  ENDED_SESSION_RETENTION_SECONDS,
  NOTICE_SECONDS,
  secondsAfter,
  secondsBetween,
} from "@/server/auth/policy/lifetimes";
import { Refusal } from "@/server/auth/policy/refusals";
import {
  decrement,
  loginLimit,
  consume,
  consumePasswordAttempt,
  type PasswordAttempt,
} from "@/server/auth/rate-limits/rate-limit";

/** Opens a session for valid credentials and revokes the browser's previous one. */
export async function login(
  db: Kysely<Database>,
  input: LoginInput & { legacyEmail?: string },
  client: Client,
  presentedRefreshToken: string | null,
  now: Date,
): Promise<IssuedTokens> {
  await consume(db, loginLimit(client), now);

  const user = await findUserForLogin(db, input.email, { ...client, ip: client.address }, input.legacyEmail);
  const guess = await consumePasswordAttempt(db, input.email, user?.knownSessionId ?? null, client, now);

  const matches = await checkPassword(user, input.password, guess);
  if (user?.disabledAt) rememberDisabled({ ...user, disabledAt: user.disabledAt });
  if (user === undefined || !matches || !guess.maySucceed || user.disabledAt !== null) {
    securityEvent("login-refused", { userId: user?.id, address: client.address });
    throw guess.refusal();
  }

  // An old password must not work because the database has lost the new one, which is written again within seconds.
  if (isUserRowOutdated(user)) throw new Refusal("UNAVAILABLE", { retryAfterSeconds: 1 });

  // Before the session is opened: a fault after that would leave a session whose tokens were not delivered.
  await rehashIfOutdated(db, user, input.password, now);
  // In one statement instead of a transaction. If the session is then not opened, the repeated login is reported by the same mail.
  if (isNewDevice(user, now)) await tellOwner(db, user, client, now);
  const replacedId = await sessionIdOfToken(presentedRefreshToken, now);
  const session = await openSession(db, user, input.remember, client, now, replacedId);
  // All sessions were revoked while this login was in progress, so it is refused.
  if (session === null) {
    securityEvent("login-superseded", { userId: user.id, address: client.address });
    throw new Refusal("UNAVAILABLE", { retryAfterSeconds: 1 });
  }
  decrement(db, guess.hit);

  securityEvent("logged-in", { sessionId: session.id, userId: user.id, address: client.address });
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
  const notice = newNotice("new-device", { userId, email }, client, now);
  await retryOnDeadlock(() => insertNotice(db, notice, secondsAfter(now, -NOTICE_SECONDS)));
}

async function checkPassword(
  user: UserForLogin | undefined,
  password: string,
  guess: PasswordAttempt,
): Promise<boolean> {
  try {
    return await passwordMatches(user?.passwordHash, password);
  } catch (error) {
    // A full hash queue responds at once and differently, which would reveal the state of the account.
    if (error instanceof Refusal && guess.isAccountLimitExceeded) throw guess.refusal();
    throw error;
  }
}

async function rehashIfOutdated(db: Kysely<Database>, user: UserForLogin, password: string, now: Date): Promise<void> {
  if (!needsRehash(user.passwordHash)) return;
  try {
    const newHash = await hashPassword(password);
    await replacePasswordHash(db, { userId: user.id, oldHash: user.passwordHash, newHash, now });
  } catch (error) {
    // Not a reason to refuse the login; the next one tries again.
    if (!(error instanceof Refusal) && !isUnavailable(error)) throw error;
  }
}
