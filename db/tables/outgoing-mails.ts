import { sql, type Kysely } from "kysely";
import type { Database, OutgoingMail } from "@/db/schema";

export type NewMail = Pick<OutgoingMail, "id" | "userId" | "kind" | "recipient" | "details" | "createdAt"> & {
  /** Opened when the mail is composed, unless it has to exist before. */
  confirmationId?: string;
};

/** Queues a mail, due at once. Call it in the transaction of what the mail reports. Does nothing for null: mail is off. */
export async function insertMail(trx: Kysely<Database>, mail: NewMail | null): Promise<void> {
  if (mail === null) return;
  // By the database's clock, which all instances share: an instance whose clock is ahead must not delay its mails.
  await trx
    .insertInto("outgoingMails")
    .values({ ...mail, nextAttemptAt: sql<Date>`utc_timestamp(3)` })
    .execute();
}

/** Queues a notice unless one of its kind was queued for this account since `since`: several of a kind in a short time are one mail. */
export async function insertNotice(db: Kysely<Database>, mail: NewMail | null, since: Date): Promise<void> {
  if (mail === null) return;
  const columns = Object.keys(mail) as (keyof NewMail)[];
  await db
    .insertInto("outgoingMails")
    .columns([...columns, "nextAttemptAt"])
    .expression((eb) =>
      eb
        .selectFrom(sql<object>`(select 1)`.as("one"))
        .select([
          ...columns.map((column) => eb.val(mail[column] ?? null).as(column)),
          sql`utc_timestamp(3)`.as("nextAttemptAt"),
        ])
        .where((where) =>
          where.not(
            where.exists(
              where
                .selectFrom("outgoingMails as earlier")
                .select("earlier.id")
                .where("earlier.userId", "=", mail.userId)
                .where("earlier.kind", "=", mail.kind)
                .where("earlier.createdAt", ">", since),
            ),
          ),
        ),
    )
    .execute();
}
