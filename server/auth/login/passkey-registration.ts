import "server-only";
import type { PublicKeyCredentialCreationOptionsJSON } from "@simplewebauthn/server";
import type { Kysely } from "kysely";
import { v7 as uuidv7 } from "uuid";
import { writeRow } from "@/db/keyed-mutex";
import type { Database } from "@/db/schema";
import { findAccountRegistration, insertChallenge, useChallenge } from "@/db/tables/challenges";
import { isAddressTaken, lockUserRow } from "@/db/tables/confirmations";
import { findUserOfPasskey, insertUserWithPasskey, isCredentialAbsent, listPasskeys } from "@/db/tables/passkeys";
import { replaceRecoveryCodes } from "@/db/tables/recovery-codes";
import { wasNeverSignedIn } from "@/db/tables/sessions";
import type { Client } from "@/server/auth/client/client";
import type { PasskeyRegistrationInput } from "@/server/auth/inputs/inputs";
import { readRegistration } from "@/server/auth/passkeys/client-response";
import {
  newCreationOptions,
  newPasskey,
  verifyCreation,
  type CreatedCredential,
} from "@/server/auth/passkeys/creation";
import { CHALLENGE_SECONDS, secondsAfter } from "@/server/auth/policy/lifetimes";
import { PASSKEY_NOT_ADDED_MESSAGE, Refusal } from "@/server/auth/policy/refusals";
import { consume, passkeyRegistrationLimit, registrationLimit } from "@/server/auth/rate-limits/rate-limit";
import { newRecoveryCodes } from "@/server/auth/recovery-codes/recovery-codes";
import type { IssuedTokens } from "@/server/auth/sessions/issue-tokens";
import { completeLogin } from "./complete-login";
import { createAccount, emailTaken } from "./register";

/**
 * Options to create the passkey of a new account. Stores nothing about its person. A taken address is refused here, as a registration
 * with a password refuses it: later, a passkey without an account would be left on the device.
 */
export async function beginPasskeyRegistration(
  db: Kysely<Database>,
  { email, fullName }: Pick<PasskeyRegistrationInput, "email" | "fullName">,
  client: Client,
  now: Date,
): Promise<PublicKeyCredentialCreationOptionsJSON> {
  await consume(db, registrationLimit(client), now);
  const id = uuidv7();
  if (await isAddressTaken(db, { email, exceptUserId: id }, now)) throw emailTaken();
  const options = await newCreationOptions({ id, email, fullName });
  const begun = { ceremony: "account-registration", userId: null, boundTo: id, challenge: options.challenge };
  const expiresAt = secondsAfter(now, CHALLENGE_SECONDS);
  await insertChallenge(db, { id: uuidv7(), ...begun, createdAt: now, expiresAt });
  return options;
}

/** Creates an account without a password, with a passkey and recovery codes, and opens its first session. */
export async function registerByPasskey(
  db: Kysely<Database>,
  { response: sent, email, fullName, remember }: PasskeyRegistrationInput,
  client: Client,
  presentedRefreshToken: string | null,
  now: Date,
): Promise<IssuedTokens & { recoveryCodes: string[] }> {
  await consume(db, passkeyRegistrationLimit(client), now);
  const response = readRegistration(sent);
  const challenge = response && (await findAccountRegistration(db, response.clientData.challenge, now));
  const credential = response && challenge ? await verifyCreation(response) : null;
  if (!challenge || credential === null) throw notAdded();
  const { userId } = challenge;
  if (challenge.usedAt !== null) {
    return repeatRegistration(db, { userId, credential, remember }, client, presentedRefreshToken, now);
  }

  const { codes: recoveryCodes, rows: codes } = await newRecoveryCodes();
  const passkey = newPasskey(userId, credential, undefined, client, now);
  const user = { id: userId, email, fullName, passwordHash: "" };
  const how = { remember, methods: ["passkey"] as const };
  const created = await createAccount(db, user, how, client, { presentedRefreshToken, now }, (account) =>
    insertUserWithPasskey(db, account, { passkey, codes, challengeId: challenge.id, now }),
  );
  if (typeof created !== "string") return { ...created, recoveryCodes };
  // Each use of a challenge costs ten hashes and tells whether an address is taken.
  if (created !== "challenge used") await useChallenge(db, challenge.id, now);
  if (created !== "taken") throw notAdded();
  throw emailTaken((await isCredentialAbsent(db, credential.credentialId)) ? { passkey: "unknown" } : {});
}

/**
 * As with a password, a registration whose response was lost may be repeated, as long as no session of the account was ever delivered.
 * Only the browser that began it knows the challenge. The recovery codes were lost with the response: there are new ones.
 */
async function repeatRegistration(
  db: Kysely<Database>,
  { userId, credential, remember }: { userId: string; credential: CreatedCredential; remember: boolean },
  client: Client,
  presentedRefreshToken: string | null,
  now: Date,
): Promise<IssuedTokens & { recoveryCodes: string[] }> {
  const own = (await listPasskeys(db, userId)).find(({ publicKey }) => publicKey === credential.publicKey);
  const user = own && (await findUserOfPasskey(db, own.id, { ...client, ip: client.address }));
  if (user === undefined || !(await wasNeverSignedIn(db, user.email))) throw notAdded();

  const { codes: recoveryCodes, rows } = await newRecoveryCodes();
  await writeRow(db, userId, () =>
    db.transaction().execute(async (trx) => {
      await lockUserRow(trx, userId);
      await replaceRecoveryCodes(trx, userId, rows, now);
    }),
  );
  const how = { remember, methods: ["passkey"] as const };
  return { ...(await completeLogin(db, user, how, client, { presentedRefreshToken, now })), recoveryCodes };
}

function notAdded(): Refusal {
  return new Refusal("BAD_INPUT", {}, PASSKEY_NOT_ADDED_MESSAGE);
}
