import { sql, type Expression, type Kysely } from "kysely";
import { retryOnDeadlock } from "@/db/keyed-mutex";
import type { Database, OutgoingMail } from "@/db/schema";
import { openReverts } from "./confirmations";

export type NewMail = Pick<OutgoingMail, "id" | "userId" | "kind" | "recipient" | "details" | "createdAt"> & {
  /** Opened when the mail is composed, unless it has to exist before. */
  confirmationId?: string;
};
/** The state of a row at which a mail was found due, or claimed. */
export type MailState = Pick<OutgoingMail, "id" | "nextAttemptAt">;

// All times of an attempt are by the database's clock, which all instances share: a clock that is ahead must not delay mails.

/** Queues a mail, due at once. Call it in the transaction of what the mail reports. Does nothing for null: mail is off. */
export async function insertMail(trx: Kysely<Database>, mail: NewMail | null): Promise<void> {
  if (mail === null) return;
  await trx
    .insertInto("outgoingMails")
    .values({ ...mail, nextAttemptAt: sql<Date>`utc_timestamp(3)` })
    .execute();
}

/** Queues a notice unless one of its kind was queued for this account since `since`: several of a kind in a short time are one mail. */
export async function insertNotice(db: Kysely<Database>, notice: NewMail | null, since: Date): Promise<void> {
  if (notice === null) return;
  const earlier = db
    .selectFrom("outgoingMails as earlier")
    .select("earlier.id")
    .where("earlier.userId", "=", notice.userId)
    .where("earlier.kind", "=", notice.kind)
    .where("earlier.createdAt", ">", since);
  await insertUnlessExists(db, notice, earlier);
}

/**
 * Queues the mail that verifies the address of a new account. False, and nothing queued, if another account can still restore that
 * address: a thief who changed it must not be able to occupy it.
 */
export async function insertVerification(trx: Kysely<Database>, mail: NewMail): Promise<boolean> {
  return insertUnlessExists(trx, mail, openReverts(trx, mail.recipient, mail.createdAt));
}

async function insertUnlessExists(db: Kysely<Database>, mail: NewMail, query: Expression<unknown>): Promise<boolean> {
  const columns = Object.keys(mail) as (keyof NewMail)[];
  const { numInsertedOrUpdatedRows } = await db
    .insertInto("outgoingMails")
    .columns([...columns, "nextAttemptAt"])
    .expression((eb) =>
      eb
        .selectFrom(sql<object>`(select 1)`.as("one"))
        .select([
          ...columns.map((column) => eb.val(mail[column] ?? null).as(column)),
          sql`utc_timestamp(3)`.as("nextAttemptAt"),
        ])
        .where((where) => where.not(where.exists(query))),
    )
    .executeTakeFirstOrThrow();
  return numInsertedOrUpdatedRows === 1n;
}

export async function findDueMails(db: Kysely<Database>, limit: number): Promise<MailState[]> {
  return db
    .selectFrom("outgoingMails")
    .select(["id", "nextAttemptAt"])
    .where("nextAttemptAt", "<=", sql<Date>`utc_timestamp(3)`)
    .orderBy("nextAttemptAt")
    .limit(limit)
    .execute();
}

/**
 * Takes a due mail for one attempt. Until the lease ends no other instance finds it due; if this one dies, another repeats the
 * attempt then. Null if another instance was faster.
 */
export async function claimMail(
  db: Kysely<Database>,
  { id, nextAttemptAt }: MailState,
  leaseSeconds: number,
): Promise<OutgoingMail | null> {
  const { numUpdatedRows } = await retryOnDeadlock(() =>
    db
      .updateTable("outgoingMails")
      .set((eb) => ({ attempts: eb("attempts", "+", 1), nextAttemptAt: secondsFromNow(leaseSeconds) }))
      .where("id", "=", id)
      .where("nextAttemptAt", "=", nextAttemptAt)
      .executeTakeFirstOrThrow(),
  );
  if (numUpdatedRows === 0n) return null;
  return (await db.selectFrom("outgoingMails").selectAll().where("id", "=", id).executeTakeFirst()) ?? null;
}

/** Whatever has happened to the claim meanwhile: the mail is sent. */
export async function markMailSent(db: Kysely<Database>, id: string): Promise<void> {
  await retryOnDeadlock(() =>
    db
      .updateTable("outgoingMails")
      .set({ sentAt: sql<Date>`utc_timestamp(3)`, nextAttemptAt: null, failedAt: null, lastError: null })
      .where("id", "=", id)
      .execute(),
  );
}

/** After a failed attempt: tries again after a while, or gives up if that is null. Nothing changes if the lease was lost. */
export async function markMailFailed(
  db: Kysely<Database>,
  { id, nextAttemptAt }: MailState,
  { error, retryAfterSeconds }: { error: string; retryAfterSeconds: number | null },
): Promise<void> {
  const outcome =
    retryAfterSeconds === null
      ? { nextAttemptAt: null, failedAt: sql<Date>`utc_timestamp(3)` }
      : { nextAttemptAt: secondsFromNow(retryAfterSeconds) };
  await retryOnDeadlock(() =>
    db
      .updateTable("outgoingMails")
      .set({ ...outcome, lastError: error })
      .where("id", "=", id)
      .where("nextAttemptAt", "=", nextAttemptAt)
      .execute(),
  );
}

export async function deleteMail(db: Kysely<Database>, id: string): Promise<void> {
  await retryOnDeadlock(() => db.deleteFrom("outgoingMails").where("id", "=", id).execute());
}

export interface MailCounts {
  /** Due for more than five minutes: no instance sends mails. */
  overdue: number;
  /** Waiting for another attempt. */
  delayed: number;
  /** Given up. */
  failed: number;
  /** The most frequent error of the delayed and failed ones. */
  commonError: string | null;
}

/** For an operator: reads the whole table. */
export async function countMails(db: Kysely<Database>): Promise<MailCounts> {
  const counts = await db
    .selectFrom("outgoingMails")
    .select([
      sql<number>`coalesce(sum(next_attempt_at < date_sub(utc_timestamp(3), interval 5 minute)), 0)`.as("overdue"),
      sql<number>`coalesce(sum(next_attempt_at is not null and last_error is not null), 0)`.as("delayed"),
      sql<number>`count(failed_at)`.as("failed"),
    ])
    .executeTakeFirstOrThrow();
  const common = await db
    .selectFrom("outgoingMails")
    .select("lastError")
    .where("lastError", "is not", null)
    .groupBy("lastError")
    .orderBy(sql`count(*)`, "desc")
    .limit(1)
    .executeTakeFirst();
  const [overdue, delayed, failed] = [counts.overdue, counts.delayed, counts.failed].map(Number) as [
    number,
    number,
    number,
  ];
  return { overdue, delayed, failed, commonError: common?.lastError ?? null };
}

function secondsFromNow(seconds: number) {
  return sql<Date>`date_add(utc_timestamp(3), interval ${Math.round(seconds * 1000) * 1000} microsecond)`;
}
