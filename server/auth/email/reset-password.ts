import "server-only";
import type { Kysely, Transaction } from "kysely";
import type { Database, User } from "@/db/schema";
import { supersede } from "@/db/tables/confirmations";
import { removeFactors } from "@/db/tables/factors";
import { insertMail } from "@/db/tables/outgoing-mails";
import { revokeAllWithin } from "@/db/tables/revocations";
import { replaceForgottenPassword } from "@/db/tables/users";
import { newNotice, occasionOf } from "@/server/mail/notices";
import { newMail } from "@/server/mail/outbox";
import { securityEvent } from "@/server/runtime/security-events";
import type { Client } from "@/server/auth/client/client";
import type { RequestResetInput } from "@/server/auth/inputs/inputs";
import { SUPERSEDES } from "@/server/auth/policy/confirmations";
import { Refusal } from "@/server/auth/policy/refusals";
import { LOGIN } from "@/server/auth/policy/routes";
import { consume, isWithin, mailLimits, mailRequestLimit } from "@/server/auth/rate-limits/rate-limit";
import type { Effect } from "./effects";
import { refuseWithoutMail } from "./mail-available";

/**
 * Sends a link to choose a new password. An address that belongs to no account gets the same response after the same statements: only
 * the delivery of mails looks for the account. Silent beyond the limits of an address.
 */
export async function requestReset(
  db: Kysely<Database>,
  { email, legacyEmail }: RequestResetInput["email"],
  client: Client,
  now: Date,
): Promise<void> {
  refuseWithoutMail();
  await consume(db, mailRequestLimit(client), now);
  securityEvent("reset-requested", { address: client.address });
  if (!(await isWithin(db, mailLimits("reset-password", email), now))) return;
  const link = { purpose: "reset-password", email: legacyEmail, askedBySessionId: null };
  const message = { kind: "reset-password" as const, occasion: occasionOf(client, now) };
  await insertMail(db, newMail(message, { userId: null, recipient: email, link }, now));
}

/** Sends the same link in the transaction of a report of theft. */
export async function startReset(
  trx: Transaction<Database>,
  { id: userId, email }: Pick<User, "id" | "email">,
  client: Client,
  now: Date,
): Promise<void> {
  const link = { purpose: "reset-password", email, askedBySessionId: null };
  const message = { kind: "reset-password" as const, occasion: occasionOf(client, now) };
  await insertMail(trx, newMail(message, { userId, recipient: email, link }, now));
}

/**
 * Replaces the password and ends all sessions. The address counts as confirmed, since the link was sent to it. The next login asks for
 * the second factor as before.
 */
export const resetPassword: Effect = async (trx, user, { confirmation, newHash, client, now }) => {
  const { id: userId, email } = user;
  if (confirmation.email !== email) throw new Refusal("LINK_SPENT", { spent: "superseded" });
  if (newHash === null) throw new Error("A password is reset without a new one.");
  await replaceForgottenPassword(trx, { userId, newHash, now });
  // Before the owner of the address confirmed it, another person may have added them, having registered with it.
  if (user.emailVerifiedAt === null) await removeFactors(trx, userId);
  const sessions = await revokeAllWithin(trx, userId, "password reset", now);
  await supersede(trx, { userId, email, purposes: SUPERSEDES["reset-password"], now });
  await insertMail(trx, newNotice({ kind: "password-changed" }, { userId, email }, client, now));
  const ended = { reason: "password reset" as const, sessions, replacedHash: user.passwordHash };
  return { event: "password-reset", next: LOGIN, ended };
};
