import "server-only";
import type { Transaction } from "kysely";
import type { Database } from "@/db/schema";
import { insertNotice } from "@/db/tables/outgoing-mails";
import type { FactorChange } from "@/server/mail/messages/message";
import { newNotice } from "@/server/mail/notices";
import type { Client } from "@/server/auth/client/client";
import { NOTICE_SECONDS, secondsAfter } from "@/server/auth/policy/lifetimes";

/** Tells the owner of a change of factors, in the transaction that makes it. */
export async function queueFactorNotice(
  trx: Transaction<Database>,
  change: FactorChange,
  { id: userId, email }: { id: string; email: string },
  client: Client,
  now: Date,
): Promise<void> {
  const notice = newNotice({ kind: "factor-changed", change }, { userId, email }, client, now);
  await insertNotice(trx, notice, secondsAfter(now, -NOTICE_SECONDS));
}
