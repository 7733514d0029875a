import { sql, type Kysely } from "kysely";
import type { Database, OutgoingMail } from "@/db/schema";

export type NewMail = Pick<OutgoingMail, "id" | "userId" | "kind" | "recipient" | "details" | "createdAt">;

/** Queues a mail, due at once. Call it in the transaction of what the mail reports. Does nothing for null: mail is off. */
export async function insertMail(trx: Kysely<Database>, mail: NewMail | null): Promise<void> {
  if (mail === null) return;
  // By the database's clock, which all instances share: an instance whose clock is ahead must not delay its mails.
  await trx
    .insertInto("outgoingMails")
    .values({ ...mail, nextAttemptAt: sql<Date>`utc_timestamp(3)` })
    .execute();
}
