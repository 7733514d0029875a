import "server-only";
import type { Kysely } from "kysely";
import type { Database } from "@/db/schema";
import { requestDeletion as disableUntilPurge } from "@/db/tables/deletions";
import { findUserOfLiveSession } from "@/db/tables/users";
import { occasionOf } from "@/server/mail/notices";
import { newMail } from "@/server/mail/outbox";
import { securityEvent } from "@/server/runtime/security-events";
import type { Client } from "@/server/auth/client/client";
import type { DeletionInput } from "@/server/auth/inputs/inputs";
import { callerIds, type Caller } from "@/server/auth/policy/credentials";
import { DELETION_DELAY_SECONDS, secondsAfter } from "@/server/auth/policy/lifetimes";
import { Refusal } from "@/server/auth/policy/refusals";
import { syncRevocations } from "@/server/auth/sessions/end-session";
import { rememberEnding } from "@/server/auth/sessions/known-endings";
import { markRevoked } from "@/server/auth/sessions/revocation-feed";

/**
 * Ends all sessions of the caller and disables the account. It is purged at the returned time, unless the link in the mail is used
 * before. The caller types the address, so that a click alone cannot delete an account.
 */
export async function requestDeletion(
  db: Kysely<Database>,
  caller: Caller,
  { email, legacyEmail }: DeletionInput,
  client: Client,
  now: Date,
): Promise<Date> {
  const ids = callerIds(caller);
  const user = await findUserOfLiveSession(db, ids, now);
  if (user === undefined) throw new Refusal("SESSION_ENDED");
  if (user.email !== email && user.email !== legacyEmail) throw otherEmail();

  const deletesAt = secondsAfter(now, DELETION_DELAY_SECONDS);
  const mail = newMail(
    {
      kind: "deletion-requested",
      deletesAt: deletesAt.toISOString(),
      occasion: occasionOf(client, now),
    },
    {
      userId: user.id,
      recipient: user.email,
      link: { purpose: "undo-deletion", email: user.email, askedBySessionId: null },
    },
    now,
  );
  const outcome = await disableUntilPurge(db, { ...ids, email: user.email, deletesAt, mail, now });
  if (outcome === "caller ended") throw new Refusal("SESSION_ENDED");
  if (outcome === "other email") throw otherEmail();

  // After a loss of commits the sessions end again. The account stays enabled: without `deletes_at` it could not be enabled any more.
  rememberEnding({ userId: user.id, reason: "account deletion", sessionEpoch: outcome.sessionEpoch, openedBy: now });
  markRevoked(ids.sessionId, "account deletion");
  await syncRevocations(db);
  securityEvent("deletion-requested", { ...ids, deletesAt, address: client.address });
  return deletesAt;
}

function otherEmail(): Refusal {
  return new Refusal("BAD_INPUT", { fields: { email: "That is not the email address of this account." } });
}
