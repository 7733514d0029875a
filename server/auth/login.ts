import "server-only";
import type { Kysely } from "kysely";
import { isUnavailable } from "@/db/faults";
import type { Database } from "@/db/schema";
import { findUserForLogin, replacePasswordHash, type UserForLogin } from "@/db/users";
import { securityEvent } from "@/server/security-log";
import type { Client } from "./client";
import { endReplacedSession } from "./end-session";
import { grantBoth, type Grant } from "./grants";
import type { LoginInput } from "./inputs";
import { hashPassword, needsRehash, passwordMatches } from "./password";
import { Refusal } from "./policy/refusals";
import { failuresOfKnownDevice, failuresOfStrangers, giveBack, loginsFrom, spend } from "./rate-limit";
import { openSession } from "./sessions";

/** Opens a session for whoever knows email and password, and ends the one that this browser had before. */
export async function login(
  db: Kysely<Database>,
  input: LoginInput,
  client: Client,
  presentedRefreshToken: string | null,
  now: Date,
): Promise<Grant> {
  await spend(db, loginsFrom(client), now);

  const user = await findUserForLogin(db, input.email, { ...client, ip: client.address });
  const failures = user?.isKnownDevice ? failuresOfKnownDevice(input.email, client) : failuresOfStrangers(input.email);
  const failure = await spend(db, failures, now);

  const matches = await passwordMatches(user?.passwordHash, input.password);
  if (user === undefined || !matches || user.disabledAt !== null) {
    securityEvent("login-refused", { userId: user?.id, address: client.address });
    throw new Refusal("INVALID_CREDENTIALS");
  }

  const session = await openSession(db, user, input.remember, client, now);
  // All sessions were ended while this login was under way: it belongs to those.
  if (session === null) {
    securityEvent("login-overtaken", { userId: user.id, address: client.address });
    throw new Refusal("UNAVAILABLE", { retryAfterSeconds: 1 });
  }
  giveBack(db, failure);
  await endReplacedSession(db, presentedRefreshToken, now);
  await keepHashUpToDate(db, user, input.password, now);

  securityEvent("logged-in", { sessionId: session.id, userId: user.id, address: client.address });
  return grantBoth(session, client, now);
}

async function keepHashUpToDate(db: Kysely<Database>, user: UserForLogin, password: string, now: Date): Promise<void> {
  if (!needsRehash(user.passwordHash)) return;
  try {
    const newHash = await hashPassword(password);
    await replacePasswordHash(db, { userId: user.id, oldHash: user.passwordHash, newHash, now });
  } catch (error) {
    // The person is signed in; the next login tries again.
    if (!(error instanceof Refusal) && !isUnavailable(error)) throw error;
  }
}
