import "server-only";
import type { Kysely, Transaction } from "kysely";
import { v7 as uuidv7 } from "uuid";
import type { Confirmation, Database, User } from "@/db/schema";
import { insertConfirmation, isAddressTaken, supersede, supersedeLater } from "@/db/tables/confirmations";
import { queueEmailChange } from "@/db/tables/email-changes";
import { removeFactors } from "@/db/tables/factors";
import { insertMail } from "@/db/tables/outgoing-mails";
import { revokeAllWithin } from "@/db/tables/revocations";
import { findUserOfLiveSession, forgetDevices, replaceEmail } from "@/db/tables/users";
import { occasionOf } from "@/server/mail/notices";
import { newMail } from "@/server/mail/outbox";
import { securityEvent } from "@/server/runtime/security-events";
import type { Client } from "@/server/auth/client/client";
import { AGAINST_THEFT, SUPERSEDES } from "@/server/auth/policy/confirmations";
import { callerIds, type Caller } from "@/server/auth/policy/credentials";
import { CONFIRMATION_SECONDS, secondsAfter } from "@/server/auth/policy/lifetimes";
import { Refusal } from "@/server/auth/policy/refusals";
import { ACCOUNT, LOGIN } from "@/server/auth/policy/routes";
import { consume, isWithin, mailLimits, userMailRequestLimit } from "@/server/auth/rate-limits/rate-limit";
import { newSalt } from "./confirmation-token";
import type { Effect, EffectResult } from "./effects";
import { refuseWithoutMail } from "./mail-available";
import { startReset } from "./reset-password";

/**
 * Sends a link to the new address, and tells the old one. Whether another account has the address is not checked here: it would reveal
 * who has an account. No link is then sent, and the address is refused when it is confirmed.
 */
export async function requestChange(
  db: Kysely<Database>,
  caller: Caller,
  email: string,
  client: Client,
  now: Date,
): Promise<void> {
  refuseWithoutMail();
  await consume(db, userMailRequestLimit(caller.user.id), now);
  const user = await findUserOfLiveSession(db, callerIds(caller), now);
  if (user === undefined) throw new Refusal("SESSION_ENDED");
  if (email === user.email) throw new Refusal("BAD_INPUT", { fields: { email: "That is your address already." } });
  if (!(await isWithin(db, mailLimits("change-email", email), now))) return;

  const occasion = occasionOf(client, now);
  const link = { purpose: "change-email", email, askedBySessionId: caller.session.id };
  const mails = [
    newMail({ kind: "change-email", oldEmail: user.email, occasion }, { userId: user.id, recipient: email, link }, now),
  ];
  // An address that was never confirmed may be another person's: it gets neither the new one nor a link.
  if (user.emailVerifiedAt !== null) {
    const notMe = { purpose: "not-me", email: user.email, askedBySessionId: null };
    const to = { userId: user.id, recipient: user.email, link: notMe };
    mails.push(newMail({ kind: "email-change-requested", newEmail: email, occasion }, to, now));
  }
  if (!(await queueEmailChange(db, callerIds(caller), { email, mails, now }))) throw new Refusal("SESSION_ENDED");
  securityEvent("email-change-requested", { ...callerIds(caller), address: client.address });
}

/** Replaces the address. A confirmed old one receives a link that restores it, which also keeps others from registering it. */
export const changeEmail: Effect = async (trx, user, { confirmation, client, now }) => {
  const { id: userId, email: oldEmail } = user;
  const newEmail = confirmation.email;
  if ((await replaceEmail(trx, { userId, email: newEmail, now })) === "taken") throw addressTaken();
  if (await isAddressTaken(trx, { email: newEmail, exceptUserId: userId }, now)) throw addressTaken();
  await supersede(trx, { userId, email: oldEmail, purposes: SUPERSEDES["change-email"], now });
  if (user.emailVerifiedAt !== null) {
    const revert = newRevert(userId, oldEmail, now);
    await insertConfirmation(trx, revert);
    const message = { kind: "email-changed" as const, oldEmail, newEmail, occasion: occasionOf(client, now) };
    const link = { purpose: revert.purpose, email: oldEmail, askedBySessionId: null };
    const mail = newMail(message, { userId, recipient: oldEmail, link }, now);
    await insertMail(trx, mail && { ...mail, confirmationId: revert.id });
  }
  return { event: "email-changed", next: ACCOUNT };
};

function newRevert(userId: string, email: string, now: Date) {
  return {
    id: uuidv7({ msecs: now.getTime() }),
    userId,
    purpose: "revert-email",
    email,
    salt: newSalt(),
    askedBySessionId: null,
    createdAt: now,
    expiresAt: secondsAfter(now, CONFIRMATION_SECONDS["revert-email"]),
  };
}

export const revertEmail: Effect = (trx, user, { confirmation, client, now }) =>
  restoreAddress(trx, user, confirmation, client, now);

/**
 * For the owner of an address who did not change it: restores it, ends all sessions, removes the factors that were added since and
 * starts a reset. Earlier factors stay, since the mailbox alone must not pass them.
 */
export async function restoreAddress(
  trx: Transaction<Database>,
  user: User,
  revert: Confirmation,
  client: Client,
  now: Date,
): Promise<EffectResult> {
  const { id: userId, email: removed } = user;
  const { email } = revert;
  if ((await replaceEmail(trx, { userId, email, now })) === "taken") throw addressTaken();
  const sessions = await revokeAllWithin(trx, userId, "address restored", now);
  await forgetDevices(trx, userId, now);
  await removeFactors(trx, userId, revert.createdAt);
  await supersede(trx, { userId, email: removed, purposes: SUPERSEDES["revert-email"], now });
  await supersedeLater(trx, revert, AGAINST_THEFT, now);
  const message = { kind: "email-reverted" as const, email, occasion: occasionOf(client, now) };
  // The restored address receives the mail of the reset.
  if (removed !== email) await insertMail(trx, newMail(message, { userId, recipient: removed }, now));
  await startReset(trx, { id: userId, email }, client, now);
  return { event: "email-reverted", next: LOGIN, ended: { reason: "address restored", sessions } };
}

function addressTaken(): Refusal {
  const email = "Another account has this address now.";
  return new Refusal("EMAIL_TAKEN", { fields: { email } }, email);
}
