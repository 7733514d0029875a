import "server-only";
import type { Kysely } from "kysely";
import { v7 as uuidv7 } from "uuid";
import { isUnavailable } from "@/db/faults";
import type { Database } from "@/db/schema";
import { insertChallenge } from "@/db/tables/challenges";
import { findUserForLogin, replacePasswordHash, type UserForLogin } from "@/db/tables/users";
import { securityEvent } from "@/server/runtime/security-events";
import type { Client } from "@/server/auth/client/client";
import type { IssuedTokens } from "@/server/auth/sessions/issue-tokens";
import type { LoginInput } from "@/server/auth/inputs/inputs";
import { isUserRowOutdated, rememberDisabled } from "@/server/auth/sessions/known-endings";
import { hashPassword, needsRehash, passwordMatches } from "@/server/auth/passwords/password";
import { relyingParty } from "@/server/auth/passkeys/relying-party";
import type { SecondFactorMethod } from "@/server/auth/policy/authentication-methods";
import { CHALLENGE_SECONDS, secondsAfter } from "@/server/auth/policy/lifetimes";
import { Refusal } from "@/server/auth/policy/refusals";
import { factorsOf, hasSecondFactor, secondFactorMethods } from "@/server/auth/policy/ways-in";
import {
  decrement,
  loginLimit,
  consume,
  consumePasswordAttempt,
  type PasswordAttempt,
} from "@/server/auth/rate-limits/rate-limit";
import { mintChallengeToken } from "@/server/auth/tokens/challenge-token";
import { challengeCookie, type CookieToSet } from "@/server/auth/tokens/cookies";
import { completeLogin } from "./complete-login";

/** A login that waits for its second factor: no session and no known device exists yet. */
export interface PendingLogin {
  kind: "second-factor";
  methods: SecondFactorMethod[];
  expiresAt: Date;
  cookies: CookieToSet[];
}

export type LoginResult = ({ kind: "signed-in" } & IssuedTokens) | PendingLogin;

/** Opens a session for valid credentials and revokes the browser's previous one; or asks for the second factor. */
export async function login(
  db: Kysely<Database>,
  input: LoginInput & { legacyEmail?: string },
  client: Client,
  presentedRefreshToken: string | null,
  now: Date,
): Promise<LoginResult> {
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
  const factors = factorsOf(user, relyingParty().id);
  if (hasSecondFactor(factors)) {
    const methods = secondFactorMethods(factors);
    const pending = await beginSecondStep(db, user, input.remember, methods, client, now);
    decrement(db, guess.hit);
    return pending;
  }
  const tokens = await completeLogin(db, user, { remember: input.remember, methods: ["password"] }, client, {
    presentedRefreshToken,
    now,
  });
  decrement(db, guess.hit);
  return { kind: "signed-in", ...tokens };
}

/** Remembers that the password was right, in a row and in a cookie that names it. */
async function beginSecondStep(
  db: Kysely<Database>,
  { id: userId, sessionEpoch }: UserForLogin,
  remember: boolean,
  methods: SecondFactorMethod[],
  client: Client,
  now: Date,
): Promise<PendingLogin> {
  const id = uuidv7();
  // Whole seconds, as in the cookie.
  const expiresAt = new Date(Math.floor(secondsAfter(now, CHALLENGE_SECONDS).getTime() / 1000) * 1000);
  await insertChallenge(db, { id, ceremony: "login", userId, createdAt: now, expiresAt });
  const token = await mintChallengeToken({ id, userId, sessionEpoch, remember, expiresAt }, client, now);
  securityEvent("second-factor-required", { userId, address: client.address });
  return { kind: "second-factor", methods, expiresAt, cookies: [challengeCookie(token, CHALLENGE_SECONDS)] };
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
