import "server-only";
import type { Transaction } from "kysely";
import type { Confirmation, Database } from "@/db/schema";
import { findOpenConfirmation, markUsed, supersede, supersedeLater } from "@/db/tables/confirmations";
import { findFirstFactorAt, removeFactors } from "@/db/tables/factors";
import { revokeAllWithin } from "@/db/tables/revocations";
import { forgetDevices } from "@/db/tables/users";
import { AGAINST_THEFT, SUPERSEDES } from "@/server/auth/policy/confirmations";
import { NOTICE_SECONDS, secondsAfter } from "@/server/auth/policy/lifetimes";
import { Refusal } from "@/server/auth/policy/refusals";
import { LOGIN } from "@/server/auth/policy/routes";
import { restoreAddress } from "./change-email";
import type { Effect } from "./effects";
import { startReset } from "./reset-password";

/**
 * The owner did not do what a notice reported: ends all sessions, forgets the devices, removes the factors that were added since and
 * starts a reset. The account's earliest factor always stays, since the mailbox alone must not pass them.
 */
export const notMe: Effect = async (trx, user, confirmed) => {
  const { confirmation, now } = confirmed;
  await removeLaterFactors(trx, confirmation);
  // After a later change of the address a reset would be sent to the thief.
  const end = confirmation.email === user.email ? endAccess : restoreFormerAddress;
  const result = await end(trx, user, confirmed);
  // Afterwards: the link that restores the address is later, too.
  await supersedeLater(trx, confirmation, AGAINST_THEFT, now);
  return { ...result, event: "not-me" };
};

async function removeLaterFactors(trx: Transaction<Database>, { userId, createdAt }: Confirmation): Promise<void> {
  const first = await findFirstFactorAt(trx, userId);
  if (first === null) return;
  // Several events within NOTICE_SECONDS are one mail.
  const reported = secondsAfter(createdAt, -NOTICE_SECONDS);
  await removeFactors(trx, userId, reported > first ? reported : new Date(first.getTime() + 1));
}

const endAccess: Effect = async (trx, user, { client, now }) => {
  const { id: userId, email } = user;
  const sessions = await revokeAllWithin(trx, userId, "not me", now);
  await forgetDevices(trx, userId, now);
  await supersede(trx, { userId, email, purposes: SUPERSEDES["not-me"], now });
  await startReset(trx, user, client, now);
  return { event: "not-me", next: LOGIN, ended: { reason: "not me", sessions } };
};

const restoreFormerAddress: Effect = async (trx, user, { confirmation, client, now }) => {
  const lost = { userId: user.id, purpose: "revert-email", email: confirmation.email };
  const revert = await findOpenConfirmation(trx, lost, now);
  if (revert === undefined || !(await markUsed(trx, revert.id, now)))
    throw new Refusal("LINK_SPENT", { spent: "superseded" });
  return restoreAddress(trx, user, revert, client, now);
};
