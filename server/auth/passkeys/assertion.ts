import "server-only";
import { generateAuthenticationOptions, verifyAuthenticationResponse } from "@simplewebauthn/server";
import type { PublicKeyCredentialRequestOptionsJSON } from "@simplewebauthn/server";
import type { Kysely } from "kysely";
import { v7 as uuidv7 } from "uuid";
import { retryOnDeadlock } from "@/db/keyed-mutex";
import type { Database } from "@/db/schema";
import { insertChallenge, type Ceremony } from "@/db/tables/challenges";
import { insertNotice } from "@/db/tables/outgoing-mails";
import { findPresentedPasskey, isCredentialAbsent, listPasskeys, usePasskey } from "@/db/tables/passkeys";
import { newNotice } from "@/server/mail/notices";
import { securityEvent } from "@/server/runtime/security-events";
import type { Client } from "@/server/auth/client/client";
import { CHALLENGE_SECONDS, MAIL_RETENTION_SECONDS, secondsAfter } from "@/server/auth/policy/lifetimes";
import { PASSKEY_REFUSED_MESSAGE, Refusal } from "@/server/auth/policy/refusals";
import { passkeyChallengeLimit, consume } from "@/server/auth/rate-limits/rate-limit";
import { readAssertion, type AssertionResponse } from "./client-response";
import { newChallenge, relyingParty, userHandle } from "./relying-party";
import { hasCounterGoneBack } from "./signature-counter";

export type { PublicKeyCredentialRequestOptionsJSON };

/** Options for a login: the browser offers every passkey that it has for this site. */
export async function beginLoginAssertion(
  db: Kysely<Database>,
  client: Client,
  now: Date,
): Promise<PublicKeyCredentialRequestOptionsJSON> {
  return begin(db, { ceremony: "passkey-login", userId: null, boundTo: null }, client, now);
}

/** Options for the second step of a login, or a step-up: the account's passkeys only. `boundTo`: see `AssertionUse`. */
export async function beginAssertion(
  db: Kysely<Database>,
  userId: string,
  boundTo: string,
  client: Client,
  now: Date,
): Promise<PublicKeyCredentialRequestOptionsJSON> {
  return begin(db, { ceremony: "passkey-assertion", userId, boundTo }, client, now);
}

async function begin(
  db: Kysely<Database>,
  begun: { ceremony: Ceremony; userId: string | null; boundTo: string | null },
  client: Client,
  now: Date,
): Promise<PublicKeyCredentialRequestOptionsJSON> {
  await consume(db, passkeyChallengeLimit(client), now);
  const { id: rpID } = relyingParty();
  const all = begun.userId === null ? [] : await listPasskeys(db, begun.userId);
  const usable = all.filter(({ rpId }) => rpId === rpID);
  const options = await generateAuthenticationOptions({
    rpID,
    challenge: newChallenge(),
    allowCredentials: usable.map(({ credentialId: id, transports }) => ({
      id,
      transports: readTransports(transports),
    })),
    userVerification: "required",
    timeout: CHALLENGE_SECONDS * 1000,
  });
  const { challenge } = options;
  const expiresAt = secondsAfter(now, CHALLENGE_SECONDS);
  await insertChallenge(db, { id: uuidv7(), ...begun, challenge, createdAt: now, expiresAt });
  return options;
}

/** A response that its challenge, this site and the passkey's key confirm. Not used up yet. */
export interface CheckedAssertion {
  kind: "valid";
  challengeId: string;
  /** Who began the ceremony, and with which session or login. */
  challengeUserId: string | null;
  boundTo: string | null;
  passkeyId: string;
  userId: string;
  previousCounter: number;
  signatureCounter: number;
  backedUp: boolean;
}

/** *Unknown*: the response is for this site and an open challenge, and no account has the passkey. */
export type AssertionCheck = CheckedAssertion | { kind: "refused" } | { kind: "unknown" };

/** Checks a response of an authenticator. Changes nothing. */
export async function checkAssertion(
  db: Kysely<Database>,
  ceremony: Ceremony,
  sent: unknown,
  now: Date,
): Promise<AssertionCheck> {
  const response = readAssertion(sent);
  const { id: rpId, origin } = relyingParty();
  if (response === null || response.clientData.origin !== origin) return { kind: "refused" };
  const { challenge } = response.clientData;
  const row = await findPresentedPasskey(db, { ceremony, challenge, credentialId: response.id }, now);
  if (row === undefined) return { kind: "refused" };
  const { challengeId, challengeUserId, boundTo, id: passkeyId, userId, publicKey, signatureCounter } = row;
  if (passkeyId === null || userId === null || publicKey === null || signatureCounter === null) {
    return { kind: (await isCredentialAbsent(db, response.id)) ? "unknown" : "refused" };
  }
  const handle = response.response.userHandle;
  // A passkey that the browser chose names its account. With a list of passkeys some authenticators leave it out.
  const isOfAccount = handle === undefined ? ceremony !== "passkey-login" : isHandleOf(userId, handle);
  if (row.rpId !== rpId || !isOfAccount) return { kind: "refused" };
  const verified = await verify(response, challenge, publicKey);
  if (verified === null) return { kind: "refused" };
  const { newCounter, credentialBackedUp: backedUp } = verified;
  const found = { challengeId, challengeUserId, boundTo, passkeyId, userId, previousCounter: signatureCounter };
  return { kind: "valid", ...found, signatureCounter: newCounter, backedUp };
}

/** Uses up the challenge. False if another request did, or the passkey was removed. */
export async function useAssertion(
  db: Kysely<Database>,
  checked: CheckedAssertion,
  email: string,
  loginChallengeId: string | null,
  client: Client,
  now: Date,
): Promise<boolean> {
  const { passkeyId, challengeId, userId, previousCounter, signatureCounter, backedUp } = checked;
  const use = { passkeyId, challengeId, loginChallengeId, signatureCounter, backedUp };
  if (!(await usePasskey(db, use, now))) return false;
  if (hasCounterGoneBack(previousCounter, signatureCounter)) {
    securityEvent("passkey-counter-back", {
      ...{ userId, passkeyId, previousCounter, signatureCounter, address: client.address },
    });
    // One mail for as long as mails are kept: two copies in use would cause one at each use.
    const notice = newNotice({ kind: "passkey-copied" }, { userId, email }, client, now);
    await retryOnDeadlock(() => insertNotice(db, notice, secondsAfter(now, -MAIL_RETENTION_SECONDS)));
  }
  return true;
}

/** What a passkey is presented for: the second step of a login, or a step-up of a session. */
type AssertionUse = { kind: "login"; challengeId: string } | { kind: "step-up"; sessionId: string };

/**
 * Verifies a passkey of an account and uses up its challenge, together with that of a login. Throws SECOND_FACTOR_WRONG. False if the
 * challenge was used by another request.
 */
export async function verifyAssertion(
  db: Kysely<Database>,
  user: { id: string; email: string },
  response: unknown,
  use: AssertionUse,
  client: Client,
  now: Date,
): Promise<boolean> {
  const checked = await checkAssertion(db, "passkey-assertion", response, now);
  const boundTo = use.kind === "login" ? use.challengeId : use.sessionId;
  // A passkey of another account, or a response to what another session or login has begun.
  const isOfUse =
    checked.kind === "valid" &&
    checked.boundTo === boundTo &&
    checked.challengeUserId === user.id &&
    checked.userId === user.id;
  if (!isOfUse) throw refused(user, use, client);
  const isUsed = await useAssertion(
    db,
    checked,
    user.email,
    use.kind === "login" ? use.challengeId : null,
    client,
    now,
  );
  // A step-up has no challenge of its own that could tell the caller.
  if (!isUsed && use.kind === "step-up") throw refused(user, use, client);
  return isUsed;
}

function refused({ id: userId }: { id: string }, use: AssertionUse, { address }: Client): Refusal {
  if (use.kind === "login") securityEvent("second-factor-refused", { userId, method: "passkey", address });
  else securityEvent("step-up-refused", { userId, sessionId: use.sessionId, method: "passkey", address });
  return new Refusal("SECOND_FACTOR_WRONG", {}, PASSKEY_REFUSED_MESSAGE);
}

function isHandleOf(userId: string, handle: string): boolean {
  return Buffer.from(handle, "base64url").equals(userHandle(userId));
}

/** Null if the response is not valid: for another challenge, origin or domain, without a verified user, wrongly signed. */
async function verify(response: AssertionResponse, expectedChallenge: string, publicKey: string) {
  const { id: expectedRPID, origin: expectedOrigin } = relyingParty();
  const key = new Uint8Array(Buffer.from(publicKey, "base64url"));
  try {
    const { verified, authenticationInfo } = await verifyAuthenticationResponse({
      response: { ...response, clientExtensionResults: {} },
      expectedChallenge,
      expectedOrigin,
      expectedRPID,
      requireUserVerification: true,
      // Zero: a counter that has gone back is reported, not refused.
      credential: { id: response.id, publicKey: key, counter: 0 },
    });
    return verified ? authenticationInfo : null;
  } catch {
    // The library throws errors without a code for everything that is not valid, and does nothing but parse and compute.
    return null;
  }
}

function readTransports(stored: string) {
  return stored.split(" ").filter((one) => one !== "") as AssertionTransports;
}
type AssertionTransports = NonNullable<
  NonNullable<Parameters<typeof generateAuthenticationOptions>[0]["allowCredentials"]>[number]["transports"]
>;
