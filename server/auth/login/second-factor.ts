import "server-only";
import type { Kysely } from "kysely";
import type { Database } from "@/db/schema";
import { findUserOfChallenge } from "@/db/tables/challenges";
import type { UserForLogin } from "@/db/tables/users";
import type { Client } from "@/server/auth/client/client";
import type { SecondFactorInput } from "@/server/auth/inputs/inputs";
import { beginAssertion, type PublicKeyCredentialRequestOptionsJSON } from "@/server/auth/passkeys/assertion";
import { relyingParty } from "@/server/auth/passkeys/relying-party";
import type { SecondFactorMethod } from "@/server/auth/policy/authentication-methods";
import { CHALLENGE_OVER_MESSAGE, Refusal } from "@/server/auth/policy/refusals";
import { factorsOf, secondFactorMethods } from "@/server/auth/policy/ways-in";
import { numberOfCode, replaceUsedUpCodes } from "@/server/auth/second-factor/check-recovery-code";
import { verifyFactor } from "@/server/auth/second-factor/verify-factor";
import { isUserRowOutdated, rememberDisabled } from "@/server/auth/sessions/known-endings";
import type { IssuedTokens } from "@/server/auth/sessions/issue-tokens";
import { readChallengeToken, type LoginChallenge } from "@/server/auth/tokens/challenge-token";
import { completeLogin } from "./complete-login";

/**
 * The second step of a login: verifies the factor, uses up the challenge, and opens the session. With a new set of recovery codes if
 * this login has used the last one.
 */
export async function finishLogin(
  db: Kysely<Database>,
  input: SecondFactorInput,
  challengeToken: string | null,
  client: Client,
  presentedRefreshToken: string | null,
  now: Date,
): Promise<IssuedTokens & { recoveryCodes?: string[] }> {
  const challenge = challengeToken === null ? null : await readChallengeToken(challengeToken, client, now);
  if (challenge === null) throw challengeOver();
  const device = { ...client, ip: client.address };
  const user = await findUserOfChallenge(db, challenge.id, device, now, numberOfCode(input));
  if (user?.disabledAt) rememberDisabled({ ...user, disabledAt: user.disabledAt });
  // All sessions may have ended since the password was verified, because it was changed.
  if (user === undefined || user.disabledAt !== null || user.sessionEpoch !== challenge.sessionEpoch) {
    throw challengeOver();
  }
  if (isUserRowOutdated(user)) throw new Refusal("UNAVAILABLE", { retryAfterSeconds: 1 });

  const isUsed = await verifyFactor(db, user, input, { kind: "login", challengeId: challenge.id }, client, now);
  // Another request has used the challenge.
  if (!isUsed) throw challengeOver();
  const how = { remember: challenge.remember, methods: ["password", input.method] as const };
  const tokens = await completeLogin(db, user, how, client, { presentedRefreshToken, now });
  const recoveryCodes = input.method === "recovery-code" ? await replaceUsedUpCodes(db, user, now) : null;
  return recoveryCodes === null ? tokens : { ...tokens, recoveryCodes };
}

/** What the page of the second step needs, or null if no login waits for one in this browser. Changes nothing. */
export async function describePendingLogin(
  db: Kysely<Database>,
  challengeToken: string | null,
  client: Client,
  now: Date,
): Promise<{ methods: SecondFactorMethod[]; expiresAt: Date } | null> {
  const pending = await findPendingLogin(db, challengeToken, client, now);
  if (pending === null) return null;
  return {
    methods: secondFactorMethods(factorsOf(pending.user, relyingParty().id)),
    expiresAt: pending.challenge.expiresAt,
  };
}

/** Options of WebAuthn for the second step. Throws SIGNED_OUT if no login waits for one in this browser. */
export async function beginSecondStepAssertion(
  db: Kysely<Database>,
  challengeToken: string | null,
  client: Client,
  now: Date,
): Promise<PublicKeyCredentialRequestOptionsJSON> {
  const pending = await findPendingLogin(db, challengeToken, client, now);
  if (pending === null) throw challengeOver();
  return beginAssertion(db, pending.user.id, pending.challenge.id, client, now);
}

async function findPendingLogin(
  db: Kysely<Database>,
  challengeToken: string | null,
  client: Client,
  now: Date,
): Promise<{ challenge: LoginChallenge; user: UserForLogin } | null> {
  const challenge = challengeToken === null ? null : await readChallengeToken(challengeToken, client, now);
  if (challenge === null) return null;
  const user = await findUserOfChallenge(db, challenge.id, { ...client, ip: client.address }, now);
  if (user === undefined || user.disabledAt !== null || user.sessionEpoch !== challenge.sessionEpoch) return null;
  return { challenge, user };
}

function challengeOver(): Refusal {
  return new Refusal("SIGNED_OUT", {}, CHALLENGE_OVER_MESSAGE);
}
