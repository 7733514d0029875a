import "server-only";
import type { Kysely } from "kysely";
import type { Database } from "@/db/schema";
import { findSessionWithUser, recordAuthentication } from "@/db/tables/sessions";
import { findUserOfLiveSession } from "@/db/tables/users";
import { securityEvent } from "@/server/runtime/security-events";
import type { Client } from "@/server/auth/client/client";
import type { StepUpInput } from "@/server/auth/inputs/inputs";
import { passwordMatches } from "@/server/auth/passwords/password";
import { callerIds, type Caller } from "@/server/auth/policy/credentials";
import { Refusal } from "@/server/auth/policy/refusals";
import { consume, decrement, userFailureLimit } from "@/server/auth/rate-limits/rate-limit";
import { issueAccessToken, type IssuedTokens } from "@/server/auth/sessions/issue-tokens";
import { hasEnded } from "@/server/auth/sessions/rotation";

/**
 * Authenticates the user of a session again. The new access token contains the new time of authentication; so do those of later
 * refreshes of this session, and of no other.
 */
export async function stepUp(
  db: Kysely<Database>,
  caller: Caller,
  { method, password }: StepUpInput,
  client: Client,
  now: Date,
): Promise<IssuedTokens> {
  const ids = callerIds(caller);
  const user = await findUserOfLiveSession(db, ids, now);
  if (user === undefined) throw new Refusal("SESSION_ENDED");

  // One limit with the password change: an unlocked device gives others the chance to guess the password.
  const failure = await consume(db, userFailureLimit(user.id), now);
  if (!(await passwordMatches(user.passwordHash, password))) {
    securityEvent("step-up-refused", { ...ids, method, address: client.address });
    throw new Refusal("WRONG_PASSWORD", { fields: { password: "That is not your current password." } });
  }
  decrement(db, failure);

  // A new password revokes every session, so a session that is still live was confirmed with the current one.
  const isRecorded = await recordAuthentication(db, ids, now);
  const session = isRecorded ? await findSessionWithUser(db, ids.sessionId) : undefined;
  if (session === undefined || hasEnded(session, now)) throw new Refusal("SESSION_ENDED");

  securityEvent("step-up", { ...ids, method, address: client.address });
  return issueAccessToken(session, client, now);
}
