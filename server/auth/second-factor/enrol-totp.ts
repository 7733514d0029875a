import "server-only";
import type { Kysely } from "kysely";
import { renderSVG } from "uqr";
import type { Database } from "@/db/schema";
import { changeFactors } from "@/db/tables/factor-changes";
import { countRecoveryCodes, deleteRecoveryCodes, insertFirstRecoveryCodes } from "@/db/tables/recovery-codes";
import { changeAuthenticationMethods } from "@/db/tables/sessions";
import { activatePendingSecret, deleteTotpSecret, findTotpSecret, insertPendingSecret } from "@/db/tables/totp-secrets";
import { isMailOn } from "@/server/mail/mail-settings";
import { securityEvent } from "@/server/runtime/security-events";
import type { Client } from "@/server/auth/client/client";
import { relyingParty } from "@/server/auth/passkeys/relying-party";
import { addAuthentication, authenticationValues } from "@/server/auth/policy/authentication-methods";
import { callerIds, type Caller } from "@/server/auth/policy/credentials";
import { Refusal } from "@/server/auth/policy/refusals";
import { factorsOf, hasSecondFactor, mayRemove, without } from "@/server/auth/policy/ways-in";
import { newRecoveryCodes } from "@/server/auth/recovery-codes/recovery-codes";
import type { IssuedTokens } from "@/server/auth/sessions/issue-tokens";
import { renewAccessToken } from "@/server/auth/sessions/renew-access-token";
import { queueFactorNotice } from "./factor-notice";
import { judgeTotp, newTotpSecret, normalizeTotpCode, toBase32, totpStep, totpUri } from "./totp";
import { decryptTotpSecret, encryptTotpSecret } from "./totp-secret";

/** The clock of an app may differ by this much. The difference is learnt: later codes are judged around it. */
const ENROLMENT_TOLERANCE_STEPS = 5;

export interface TotpEnrolment {
  /** Base 32, to be typed where the QR code cannot be read. */
  secret: string;
  uri: string;
  /** SVG. */
  qr: string;
}

/** A new secret. An app that was set up before works on, until a code of the new one is confirmed. */
export async function beginTotp(db: Kysely<Database>, caller: Caller, now: Date): Promise<TotpEnrolment> {
  const ids = callerIds(caller);
  const secret = newTotpSecret();
  const pending = encryptTotpSecret(ids.userId, secret);
  const email = await changeFactors(db, ids, now, async (trx, user) => {
    await insertPendingSecret(trx, ids.userId, pending, now);
    return { email: user.email };
  });
  if (email === "caller ended") throw new Refusal("SESSION_ENDED");
  const uri = totpUri(secret, email.email);
  return { secret: toBase32(secret), uri, qr: renderSVG(uri, { border: 4 }) };
}

/**
 * Makes the pending secret the one that works, if the code is one of its codes. The code then counts as used. Recovery codes are
 * returned if the account had none. The new access token contains the new method.
 */
export async function confirmTotp(
  db: Kysely<Database>,
  caller: Caller,
  typed: string,
  client: Client,
  now: Date,
): Promise<{ recoveryCodes: string[] | null; tokens: IssuedTokens }> {
  const ids = callerIds(caller);
  const { userId } = ids;
  const proved = await judgePending(db, userId, typed);
  if (proved === null) throw new Refusal("SECOND_FACTOR_WRONG");

  // Before the transaction, which must be short.
  const set = (await countRecoveryCodes(db, userId)) === 0 ? await newRecoveryCodes() : null;
  const outcome = await changeFactors(db, ids, now, async (trx, user) => {
    if (!(await activatePendingSecret(trx, userId, { ...proved, now }))) return "replaced";
    const hasNewCodes = set !== null && (await insertFirstRecoveryCodes(trx, userId, set.rows, now));
    await changeAuthenticationMethods(trx, ids.sessionId, withTotp);
    await queueFactorNotice(trx, "An authenticator app was added", user, client, now);
    return { hasNewCodes };
  });
  if (outcome === "caller ended") throw new Refusal("SESSION_ENDED");
  if (outcome === "replaced") throw new Refusal("SECOND_FACTOR_WRONG");

  securityEvent("factor-added", { ...ids, factor: "totp", address: client.address });
  const tokens = await renewAccessToken(db, ids.sessionId, client, now);
  return { recoveryCodes: outcome.hasNewCodes ? set!.codes : null, tokens };
}

async function judgePending(db: Kysely<Database>, userId: string, typed: string) {
  const row = await findTotpSecret(db, userId);
  const pendingSecret = row?.pendingSecret ?? null;
  if (row === undefined || pendingSecret === null) return null;
  const secret = decryptTotpSecret(userId, pendingSecret);
  const rule = { now: row.databaseNow, driftSteps: 0, toleranceSteps: ENROLMENT_TOLERANCE_STEPS, lastStep: null };
  const lastStep = secret === null ? null : judgeTotp(secret, normalizeTotpCode(typed), rule);
  return lastStep === null ? null : { pendingSecret, lastStep, driftSteps: lastStep - totpStep(row.databaseNow) };
}

function withTotp(values: string | null): string {
  return addAuthentication(values?.split(" ") ?? authenticationValues(["password"]), "totp").join(" ");
}

/** With the last second factor the recovery codes go too. */
export async function removeTotp(db: Kysely<Database>, caller: Caller, client: Client, now: Date): Promise<void> {
  const ids = callerIds(caller);
  const outcome = await changeFactors(db, ids, now, async (trx, user) => {
    const factors = factorsOf(user, relyingParty().id);
    if (!factors.hasTotp) return "none";
    const account = { ...factors, emailVerified: user.emailVerifiedAt !== null, isMailOn: isMailOn() };
    if (!mayRemove(account, "totp")) return "last way in";
    await deleteTotpSecret(trx, ids.userId);
    if (!hasSecondFactor(without(factors, "totp"))) await deleteRecoveryCodes(trx, ids.userId);
    await queueFactorNotice(trx, "The authenticator app was removed", user, client, now);
    return "removed";
  });
  if (outcome === "caller ended") throw new Refusal("SESSION_ENDED");
  if (outcome === "none") throw new Refusal("NOT_FOUND");
  if (outcome === "last way in") throw new Refusal("LAST_WAY_IN");
  securityEvent("factor-removed", { ...ids, factor: "totp", address: client.address });
}
