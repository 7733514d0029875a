import "server-only";
import { undoDeletion as enableAgain } from "@/db/tables/deletions";
import { insertMail } from "@/db/tables/outgoing-mails";
import { occasionOf } from "@/server/mail/notices";
import { newMail } from "@/server/mail/outbox";
import { DELETION_DELAY_SECONDS } from "@/server/auth/policy/lifetimes";
import { Refusal } from "@/server/auth/policy/refusals";
import { LOGIN } from "@/server/auth/policy/routes";
import type { Effect } from "./effects";

/** Keeps an account that is to be deleted. Its sessions have ended and stay so. */
export const undoDeletion: Effect = async (trx, { id: userId, email }, { client, now }) => {
  if (!(await enableAgain(trx, { userId, delaySeconds: DELETION_DELAY_SECONDS, now }))) {
    throw new Refusal("LINK_SPENT", { spent: "expired" });
  }
  const message = { kind: "deletion-undone" as const, occasion: occasionOf(client, now) };
  await insertMail(trx, newMail(message, { userId, recipient: email }, now));
  return { event: "deletion-undone", next: LOGIN };
};
