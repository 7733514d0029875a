import "server-only";
import type { Kysely } from "kysely";
import type { Database } from "@/db/schema";
import {
  findConfirmation,
  findConfirmationByCode,
  useConfirmation,
  type ConfirmationOfUser,
} from "@/db/tables/confirmations";
import { findSessionWithUser } from "@/db/tables/sessions";
import { securityEvent } from "@/server/runtime/security-events";
import type { Client } from "@/server/auth/client/client";
import type { PerformConfirmationInput } from "@/server/auth/inputs/inputs";
import { hashPassword } from "@/server/auth/passwords/password";
import { refuseWeakPassword } from "@/server/auth/passwords/password-strength";
import {
  judgeConfirmation,
  MAX_CODE_TRIES,
  needsOf,
  PURPOSES,
  type ConfirmationNeeds,
  type ConfirmationState,
  type ConfirmationVerdict,
  type PresentedProof,
  type Purpose,
} from "@/server/auth/policy/confirmations";
import { Refusal } from "@/server/auth/policy/refusals";
import {
  clearAccountFailures,
  confirmationLimit,
  consume,
  decrement,
  linkCodeLimit,
} from "@/server/auth/rate-limits/rate-limit";
import { syncRevocations } from "@/server/auth/sessions/end-session";
import { issueAccessToken } from "@/server/auth/sessions/issue-tokens";
import { hasEnded } from "@/server/auth/sessions/rotation";
import { rememberEnding } from "@/server/auth/sessions/known-endings";
import { clearedCookies, type CookieToSet, type PresentedCookies } from "@/server/auth/tokens/cookies";
import { confirmationIdIn, isCodeOf, isTokenOf } from "./confirmation-token";
import { EFFECTS } from "./effects";
import { refuseWithoutMail } from "./mail-available";
import { maskEmail } from "./mask-email";
import { findPresentedSession } from "./presented-session";

/** What a page needs to say what a link does, before it does it. */
export interface ConfirmationDescription {
  purpose: Purpose;
  /** Masked. */
  email: string;
  expiresAt: string;
  needs: ConfirmationNeeds;
}

/** Describes an open link and changes nothing. */
export async function describeConfirmation(
  db: Kysely<Database>,
  token: string,
  cookies: PresentedCookies,
  now: Date,
): Promise<ConfirmationDescription> {
  refuseWithoutMail();
  const found = await findByToken(db, token);
  const isAskingSession = found !== null && (await holdsAskingSession(db, found, cookies, now));
  const proof: PresentedProof = { hasToken: true, code: "none", isAskingSession, hasNewPassword: false };
  const verdict = judgeConfirmation(found && stateOf(found), proof, now);
  if (found === null || verdict.kind === "unknown" || verdict.kind === "spent") throw spent(verdict);
  const purpose = found.purpose as Purpose;
  return {
    purpose,
    email: maskEmail(found.email),
    expiresAt: found.expiresAt.toISOString(),
    needs: needsOf(purpose, isAskingSession),
  };
}

export interface Performed {
  purpose: Purpose;
  /** The path that the page leads to. */
  next: string;
  cookies: CookieToSet[];
}

/** Confirms by a link or a code, once. Opens no session. */
export async function performConfirmation(
  db: Kysely<Database>,
  input: PerformConfirmationInput,
  cookies: PresentedCookies,
  client: Client,
  now: Date,
): Promise<Performed> {
  refuseWithoutMail();
  await consume(db, confirmationLimit(client), now);
  const found = await findPresented(db, input, now);
  const verdict = judgeConfirmation(found && stateOf(found), await proofOf(db, found, input, cookies, now), now);
  if (found === null || verdict.kind !== "perform") {
    securityEvent("confirmation-refused", { userId: found?.userId, address: client.address, verdict: verdict.kind });
    throw refusalOf(verdict);
  }

  const newHash = found.purpose === "reset-password" ? await newHashOf(input.newPassword!, found) : null;
  const session = await findPresentedSession(db, cookies, found.userId, now);
  const { apply, ofDisabledAccount } = EFFECTS[found.purpose as Purpose]!;
  const result = await useConfirmation(db, { id: found.id, userId: found.userId, now }, async (trx, user) => {
    // The account may have been disabled since the confirmation was judged.
    if (user.disabledAt !== null && !ofDisabledAccount) throw new Refusal("LINK_SPENT", { spent: "superseded" });
    return apply(trx, user, { confirmation: found, newHash, client, now });
  });
  if (result === "spent") throw await lostRace(db, found.id, input.token !== undefined, now);

  const { userId } = found;
  securityEvent(result.event, { userId, address: client.address });
  const purpose = found.purpose as Purpose;
  if (result.ended === undefined) {
    const issued = session === null ? [] : await newAccessCookies(db, session.id, client, now);
    return { purpose, next: result.next, cookies: issued };
  }
  const { reason, sessions, replacedHash } = result.ended;
  const { revoked, sessionEpoch } = sessions;
  const password =
    newHash === null || replacedHash === undefined ? undefined : { oldHash: replacedHash, newHash, changedAt: now };
  rememberEnding({ userId, reason, sessionEpoch, openedBy: now, password });
  securityEvent("all-sessions-ended", { userId, openedBy: now, revoked, reason });
  await syncRevocations(db);
  if (newHash !== null) await clearAccountFailures(db, found.userEmail, now);
  return { purpose, next: result.next, cookies: session === null ? [] : clearedCookies() };
}

/** The confirmation of an authentic token. Null for any other text: after the same work, unless it cannot be a token. */
async function findByToken(db: Kysely<Database>, token: string): Promise<ConfirmationOfUser | null> {
  const id = confirmationIdIn(token);
  if (id === null) return null;
  const row = (await findConfirmation(db, id)) ?? null;
  return isTokenOf(token, row) && isKnownPurpose(row!) ? row : null;
}

async function findPresented(
  db: Kysely<Database>,
  { token, email, code }: PerformConfirmationInput,
  now: Date,
): Promise<ConfirmationOfUser | null> {
  if (token !== undefined) return findByToken(db, token);
  const emails = [...new Set([email!.email, email!.legacyEmail])];
  const id = await findConfirmationByCode(
    db,
    { emails, triesAtMost: MAX_CODE_TRIES, now },
    (row) => isKnownPurpose(row) && isCodeOf(code!, row),
  );
  return id === null ? null : ((await findConfirmation(db, id)) ?? null);
}

async function proofOf(
  db: Kysely<Database>,
  found: ConfirmationOfUser | null,
  { token, code, newPassword }: PerformConfirmationInput,
  cookies: PresentedCookies,
  now: Date,
): Promise<PresentedProof> {
  return {
    hasToken: token !== undefined,
    code:
      found === null || code === undefined
        ? "none"
        : (await isRightCode(db, found, code, token, now))
          ? "right"
          : "wrong",
    isAskingSession: found !== null && (await holdsAskingSession(db, found, cookies, now)),
    hasNewPassword: newPassword !== undefined,
  };
}

/** A code without a token was compared when the confirmation was found. With one it has a limit of its own, per link. */
async function isRightCode(
  db: Kysely<Database>,
  found: ConfirmationOfUser,
  code: string,
  token: string | undefined,
  now: Date,
): Promise<boolean> {
  if (token === undefined) return true;
  const hit = await consume(db, linkCodeLimit(found.id), now);
  if (!isCodeOf(code, found)) return false;
  decrement(db, hit);
  return true;
}

async function holdsAskingSession(
  db: Kysely<Database>,
  { askedBySessionId, userId }: ConfirmationOfUser,
  cookies: PresentedCookies,
  now: Date,
): Promise<boolean> {
  if (askedBySessionId === null) return false;
  return (await findPresentedSession(db, cookies, userId, now))?.id === askedBySessionId;
}

/** A link of a disabled account is superseded, except one that enables it. */
function stateOf(found: ConfirmationOfUser): ConfirmationState {
  const { expiresAt, usedAt, codeTries, userDisabledAt } = found;
  const purpose = found.purpose as Purpose;
  const supersededAt = found.supersededAt ?? (EFFECTS[purpose]?.ofDisabledAccount ? null : userDisabledAt);
  return { purpose, expiresAt, usedAt, supersededAt, codeTries };
}

/** False for a purpose of a newer version, which this instance cannot perform. */
function isKnownPurpose({ purpose }: { purpose: string }): boolean {
  return PURPOSES.some((one) => one === purpose && EFFECTS[one] !== undefined);
}

async function newHashOf(newPassword: string, { userEmail, fullName }: ConfirmationOfUser): Promise<string> {
  await refuseWeakPassword("newPassword", newPassword, { email: userEmail, fullName });
  return hashPassword(newPassword);
}

function refusalOf(verdict: ConfirmationVerdict): Refusal {
  switch (verdict.kind) {
    case "incomplete": {
      const message = verdict.field === "code" ? "Type the code from the mail." : "Choose a new password.";
      return new Refusal("BAD_INPUT", { fields: { [verdict.field]: message } });
    }
    case "wrong code":
      return new Refusal("BAD_INPUT", { fields: { code: "That is not the code in this mail." } });
    default:
      return spent(verdict);
  }
}

function spent(verdict: ConfirmationVerdict): Refusal {
  return new Refusal("LINK_SPENT", verdict.kind === "spent" ? { spent: verdict.how } : {});
}

/** Another request was faster. What it did is told to a holder of the link only. */
async function lostRace(db: Kysely<Database>, id: string, hasToken: boolean, now: Date): Promise<Refusal> {
  const row = await findConfirmation(db, id);
  const proof: PresentedProof = { hasToken, code: "none", isAskingSession: false, hasNewPassword: false };
  return spent(judgeConfirmation(row === undefined ? null : stateOf(row), proof, now));
}

/** The access token contains the address, so pages would show the old one until it is replaced. */
async function newAccessCookies(
  db: Kysely<Database>,
  sessionId: string,
  client: Client,
  now: Date,
): Promise<CookieToSet[]> {
  const session = await findSessionWithUser(db, sessionId);
  if (session === undefined || hasEnded(session, now)) return [];
  return (await issueAccessToken(session, client, now)).cookies;
}
