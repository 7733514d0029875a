import "server-only";
import { findOpenConfirmation, markUsed, supersede } from "@/db/tables/confirmations";
import { hasFactorBefore, removeFactors } from "@/db/tables/factors";
import { findQueuedAt } from "@/db/tables/outgoing-mails";
import { revokeAllWithin } from "@/db/tables/revocations";
import { forgetDevices } from "@/db/tables/users";
import { SUPERSEDES } from "@/server/auth/policy/confirmations";
import { NOTICE_SECONDS, secondsAfter } from "@/server/auth/policy/lifetimes";
import { Refusal } from "@/server/auth/policy/refusals";
import { LOGIN } from "@/server/auth/policy/routes";
import { restoreAddress } from "./change-email";
import type { Effect } from "./effects";
import { startReset } from "./reset-password";

/**
 * The owner did not do what a notice reported: ends all sessions, forgets the devices, removes the factors that were added since and
 * starts a reset. No factor is removed unless an earlier one stays, since the mailbox alone must not pass them.
 */
export const notMe: Effect = async (trx, user, { confirmation, client, now }) => {
  const { id: userId, email } = user;
  // Several events within NOTICE_SECONDS are one mail.
  const since = secondsAfter((await findQueuedAt(trx, confirmation.id)) ?? confirmation.createdAt, -NOTICE_SECONDS);
  if (await hasFactorBefore(trx, userId, since)) await removeFactors(trx, userId, since);
  if (confirmation.email !== email) {
    // The thief has changed the address since the notice: a reset would be sent to the thief.
    const lost = { userId, purpose: "revert-email", email: confirmation.email };
    const revert = await findOpenConfirmation(trx, lost, now);
    if (revert === undefined || !(await markUsed(trx, revert.id, now)))
      throw new Refusal("LINK_SPENT", { spent: "superseded" });
    return { ...(await restoreAddress(trx, user, revert, client, now)), event: "not-me" };
  }
  const sessions = await revokeAllWithin(trx, userId, "not me", now);
  await forgetDevices(trx, userId, now);
  await supersede(trx, { userId, email, purposes: SUPERSEDES["not-me"], now });
  await startReset(trx, user, client, now);
  return { event: "not-me", next: LOGIN, ended: { reason: "not me", sessions } };
};
