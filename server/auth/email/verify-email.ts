import "server-only";
import type { Kysely } from "kysely";
import type { Database } from "@/db/schema";
import { supersede } from "@/db/tables/confirmations";
import { insertMail, type NewMail } from "@/db/tables/outgoing-mails";
import { findUserOfLiveSession, markEmailVerified } from "@/db/tables/users";
import { newMail } from "@/server/mail/outbox";
import { securityEvent } from "@/server/runtime/security-events";
import { SUPERSEDES } from "@/server/auth/policy/confirmations";
import { callerIds, type Caller } from "@/server/auth/policy/credentials";
import { Refusal } from "@/server/auth/policy/refusals";
import { HOME } from "@/server/auth/policy/routes";
import { consume, isWithin, mailLimits, userMailRequestLimit } from "@/server/auth/rate-limits/rate-limit";
import type { Effect } from "./effects";
import { refuseWithoutMail } from "./mail-available";

/** The mail that asks to confirm an address. The browser that has `sessionId` confirms without the code. */
export function newVerificationMail(
  { id: userId, email }: { id: string; email: string },
  sessionId: string,
  now: Date,
): NewMail | null {
  const link = { purpose: "verify-email", email, askedBySessionId: sessionId };
  return newMail({ kind: "verify-email" }, { userId, recipient: email, link }, now);
}

/** Sends the link again. Nothing is sent to a confirmed address, or beyond the limits of an address. */
export async function requestVerification(db: Kysely<Database>, caller: Caller, now: Date): Promise<void> {
  refuseWithoutMail();
  await consume(db, userMailRequestLimit(caller.user.id), now);
  const user = await findUserOfLiveSession(db, callerIds(caller), now);
  if (user === undefined) throw new Refusal("SESSION_ENDED");
  if (user.emailVerifiedAt !== null || !(await isWithin(db, mailLimits("verify-email", user.email), now))) return;
  await insertMail(db, newVerificationMail(user, caller.session.id, now));
  securityEvent("verification-requested", callerIds(caller));
}

export const verifyEmail: Effect = async (trx, user, { confirmation, now }) => {
  if (confirmation.email !== user.email) throw new Refusal("LINK_SPENT", { spent: "superseded" });
  await markEmailVerified(trx, user.id, now);
  await supersede(trx, { userId: user.id, email: user.email, purposes: SUPERSEDES["verify-email"], now });
  return { event: "email-verified", next: HOME };
};
