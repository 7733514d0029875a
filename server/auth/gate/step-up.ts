import "server-only";
import type { Kysely } from "kysely";
import type { Database, User } from "@/db/schema";
import { findFactorRow } from "@/db/tables/factors";
import { recordAuthentication, type CallerIds } from "@/db/tables/sessions";
import { findUserForStepUp } from "@/db/tables/users";
import { securityEvent } from "@/server/runtime/security-events";
import type { Client } from "@/server/auth/client/client";
import type { StepUpInput } from "@/server/auth/inputs/inputs";
import { passwordMatches } from "@/server/auth/passwords/password";
import { relyingParty } from "@/server/auth/passkeys/relying-party";
import { authenticationValues, isStrong } from "@/server/auth/policy/authentication-methods";
import { callerIds, type Caller } from "@/server/auth/policy/credentials";
import { Refusal } from "@/server/auth/policy/refusals";
import { isStepUpDue, type StepUpRule } from "@/server/auth/policy/step-up";
import { factorsOf, hasSecondFactor, stepUpMethods } from "@/server/auth/policy/ways-in";
import { consume, decrement, userFailureLimit } from "@/server/auth/rate-limits/rate-limit";
import { numberOfCode, replaceUsedUpCodes } from "@/server/auth/second-factor/check-recovery-code";
import { verifyFactor } from "@/server/auth/second-factor/verify-factor";
import type { IssuedTokens } from "@/server/auth/sessions/issue-tokens";
import { renewAccessToken } from "@/server/auth/sessions/renew-access-token";

/**
 * Authenticates the user of a session again. The new access token contains the new time of authentication; so do those of later
 * refreshes of this session, and of no other. With a new set of recovery codes if this has used the last one.
 */
export async function stepUp(
  db: Kysely<Database>,
  caller: Caller,
  input: StepUpInput,
  client: Client,
  now: Date,
): Promise<IssuedTokens & { recoveryCodes?: string[] }> {
  const ids = callerIds(caller);
  const user = await findUserForStepUp(db, ids, numberOfCode(input), now);
  if (user === undefined) throw new Refusal("SESSION_ENDED");

  const isRecorded =
    input.method === "password"
      ? await verifyPassword(db, user, ids, input.password, client, now)
      : await verifyFactor(db, user, input, { kind: "step-up", sessionId: ids.sessionId }, client, now);
  if (!isRecorded) throw new Refusal("SESSION_ENDED");

  const tokens = await renewAccessToken(db, ids.sessionId, client, now);
  securityEvent("step-up", { ...ids, method: input.method, address: client.address });
  const recoveryCodes = input.method === "recovery-code" ? await replaceUsedUpCodes(db, user, now) : null;
  return recoveryCodes === null ? tokens : { ...tokens, recoveryCodes };
}

/** Records the authentication. False if the session has ended. Throws WRONG_PASSWORD. */
async function verifyPassword(
  db: Kysely<Database>,
  { id, passwordHash }: User,
  ids: CallerIds,
  password: string,
  client: Client,
  now: Date,
): Promise<boolean> {
  // One limit with the password change: an unlocked device gives others the chance to guess the password.
  const failure = await consume(db, userFailureLimit(id), now);
  if (!(await passwordMatches(passwordHash, password))) {
    securityEvent("step-up-refused", { ...ids, method: "password", address: client.address });
    throw new Refusal("WRONG_PASSWORD", { fields: { password: "That is not your current password." } });
  }
  decrement(db, failure);
  // A new password revokes every session, so a session that is still live was confirmed with the current one.
  return recordAuthentication(db, ids, authenticationValues(["password"]).join(" "), now);
}

/** Throws STEP_UP_REQUIRED unless the caller has authenticated recently, and strongly where the rule and the account ask for it. */
export async function refuseWithoutStepUp(
  { db, now }: { db: Kysely<Database>; now: Date },
  rule: StepUpRule,
  { user, authenticatedAt, authenticationMethods }: Caller,
): Promise<void> {
  const isRecent = !isStepUpDue(rule, authenticatedAt, now);
  if (isRecent && (rule.strength === "any" || isStrong(authenticationMethods))) return;
  const row = await findFactorRow(db, user.id);
  const factors = row === undefined ? null : factorsOf(row, relyingParty().id);
  const hasFactor = factors !== null && hasSecondFactor(factors);
  if (rule.onlyWithSecondFactor === true && !hasFactor) return;
  const methods = factors === null ? [] : stepUpMethods(factors, rule.strength);
  // Without a second factor the password is all that can be asked for.
  if (isRecent && methods.includes("password")) return;
  throw new Refusal("STEP_UP_REQUIRED", { methods });
}
