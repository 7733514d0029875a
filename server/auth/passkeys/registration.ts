import "server-only";
import type { PublicKeyCredentialCreationOptionsJSON } from "@simplewebauthn/server";
import type { Kysely } from "kysely";
import { v7 as uuidv7 } from "uuid";
import type { Database } from "@/db/schema";
import { findRegistration, insertChallenge } from "@/db/tables/challenges";
import { findFactorRow } from "@/db/tables/factors";
import { addPasskey, listPasskeys } from "@/db/tables/passkeys";
import { findSessionWithUser, recordAuthentication } from "@/db/tables/sessions";
import { findUserOfLiveSession } from "@/db/tables/users";
import { newNotice } from "@/server/mail/notices";
import { securityEvent } from "@/server/runtime/security-events";
import type { Client } from "@/server/auth/client/client";
import { authenticationValues } from "@/server/auth/policy/authentication-methods";
import { callerIds, type Caller } from "@/server/auth/policy/credentials";
import { CHALLENGE_SECONDS, secondsAfter } from "@/server/auth/policy/lifetimes";
import { PASSKEY_NOT_ADDED_MESSAGE, Refusal } from "@/server/auth/policy/refusals";
import { factorsOf, hasSecondFactor } from "@/server/auth/policy/ways-in";
import { consume, passkeyChallengeLimit } from "@/server/auth/rate-limits/rate-limit";
import { newRecoveryCodes } from "@/server/auth/recovery-codes/recovery-codes";
import { issueAccessToken, type IssuedTokens } from "@/server/auth/sessions/issue-tokens";
import { hasEnded } from "@/server/auth/sessions/rotation";
import { readRegistration } from "./client-response";
import { newCreationOptions, newPasskey, verifyCreation } from "./creation";
import { describePasskey, type DescribedPasskey } from "./passkeys";
import { relyingParty } from "./relying-party";

/** Bounds the lists that dialogs and the security page show. */
export const MAX_PASSKEYS = 20;

/** Options to create a passkey for the caller. Their authenticators refuse a second one for the same account. */
export async function beginRegistration(
  db: Kysely<Database>,
  caller: Caller,
  client: Client,
  now: Date,
): Promise<PublicKeyCredentialCreationOptionsJSON> {
  await consume(db, passkeyChallengeLimit(client), now);
  const { userId, sessionId } = callerIds(caller);
  const user = await findUserOfLiveSession(db, { userId, sessionId }, now);
  if (user === undefined) throw new Refusal("SESSION_ENDED");
  const existing = await listPasskeys(db, userId);
  if (existing.length >= MAX_PASSKEYS) throw tooMany();
  const options = await newCreationOptions(user, existing);
  const { challenge } = options;
  const begun = { ceremony: "passkey-registration", userId, boundTo: sessionId, challenge };
  const expiresAt = secondsAfter(now, CHALLENGE_SECONDS);
  await insertChallenge(db, { id: uuidv7(), ...begun, createdAt: now, expiresAt });
  return options;
}

export interface AddedPasskey {
  passkey: DescribedPasskey;
  /** Shown once, with the first factor of an account. */
  recoveryCodes: string[] | null;
  tokens: IssuedTokens;
}

/**
 * Stores the passkey that an authenticator has created for the caller. The new access token contains it among the methods of
 * authentication, since the authenticator has verified the user.
 */
export async function finishRegistration(
  db: Kysely<Database>,
  caller: Caller,
  { response: sent, name }: { response: unknown; name?: string },
  client: Client,
  now: Date,
): Promise<AddedPasskey> {
  const ids = callerIds(caller);
  const user = await findUserOfLiveSession(db, ids, now);
  if (user === undefined) throw new Refusal("SESSION_ENDED");
  const response = readRegistration(sent);
  const { challenge = null } = response?.clientData ?? {};
  const registration = challenge === null ? undefined : await findRegistration(db, challenge, ids, now);
  const credential = response && registration ? await verifyCreation(response) : null;
  if (response === null || registration === undefined || credential === null) throw notAdded(ids, client);

  const factors = await findFactorRow(db, user.id);
  const isFirst = factors !== undefined && !hasSecondFactor(factorsOf(factors, relyingParty().id));
  const made = isFirst ? await newRecoveryCodes() : null;
  const passkey = newPasskey(user.id, credential, name, client, now);
  const change = { kind: "factor-changed", change: "A passkey was added" } as const;
  const notice = newNotice(change, { userId: user.id, email: user.email }, client, now);
  const outcome = await addPasskey(db, ids, passkey, {
    challengeId: registration.id,
    atMost: MAX_PASSKEYS,
    codes: made?.rows ?? null,
    notice,
    now,
  });
  switch (outcome) {
    case "added":
      break;
    case "caller ended":
      throw new Refusal("SESSION_ENDED");
    case "too many":
      throw tooMany();
    // Another request has added or removed a factor meanwhile. The challenge is still open.
    case "other factors":
      throw new Refusal("UNAVAILABLE", { retryAfterSeconds: 1 });
    case "challenge used":
    case "credential taken":
      throw notAdded(ids, client);
  }
  securityEvent("factor-added", { ...ids, factor: "passkey", address: client.address });
  const tokens = await issueStrongToken(db, caller, client, now);
  return { passkey: describePasskey(passkey), recoveryCodes: made?.codes ?? null, tokens };
}

async function issueStrongToken(
  db: Kysely<Database>,
  caller: Caller,
  client: Client,
  now: Date,
): Promise<IssuedTokens> {
  const ids = callerIds(caller);
  const methods = new Set([...caller.authenticationMethods, ...authenticationValues(["passkey"])]);
  const isRecorded = await recordAuthentication(db, ids, [...methods].join(" "), now);
  const session = isRecorded ? await findSessionWithUser(db, ids.sessionId) : undefined;
  if (session === undefined || hasEnded(session, now)) throw new Refusal("SESSION_ENDED");
  return issueAccessToken(session, client, now);
}

function notAdded(ids: { userId: string; sessionId: string }, client: Client): Refusal {
  securityEvent("second-factor-refused", { ...ids, method: "passkey registration", address: client.address });
  return new Refusal("BAD_INPUT", {}, PASSKEY_NOT_ADDED_MESSAGE);
}

function tooMany(): Refusal {
  return new Refusal("BAD_INPUT", {}, `An account can have ${MAX_PASSKEYS} passkeys. Remove one first.`);
}
