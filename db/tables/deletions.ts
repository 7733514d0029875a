import { sql, type Kysely, type Transaction } from "kysely";
import { retryOnDeadlock, writeRow } from "@/db/keyed-mutex";
import type { Database } from "@/db/schema";
import { insertMail, type NewMail } from "./outgoing-mails";
import { revokeAllWithin, type EndedSessions } from "./revocations";
import { isSessionLive, type CallerIds } from "./sessions";

/**
 * Disables the account until it is purged at `deletesAt`, ends all its sessions, invalidates logins in progress and queues the mail
 * about it, in one transaction. *Other email*: the account no longer has the address that the caller typed.
 */
export async function requestDeletion(
  db: Kysely<Database>,
  {
    userId,
    sessionId,
    email,
    deletesAt,
    mail,
    now,
  }: CallerIds & { email: string; deletesAt: Date; mail: NewMail | null; now: Date },
): Promise<EndedSessions | "caller ended" | "other email"> {
  return writeRow(db, userId, () =>
    db.transaction().execute(async (trx) => {
      const user = await trx
        .selectFrom("users")
        .select(["email", "disabledAt"])
        .where("id", "=", userId)
        .forUpdate()
        .executeTakeFirst();
      if (user?.disabledAt !== null || !(await isSessionLive(trx, sessionId, now))) return "caller ended";
      if (user.email !== email) return "other email";
      await trx
        .updateTable("users")
        .set({ disabledAt: now, deletesAt, updatedAt: now })
        .where("id", "=", userId)
        .execute();
      const ended = await revokeAllWithin(trx, userId, "account deletion", now);
      await insertMail(trx, mail);
      return ended;
    }),
  );
}

/**
 * Enables an account again that is to be deleted. False if it is not, or is due: the purge may have begun. An account that was
 * disabled for another reason stays disabled: a deletion disables it exactly `delaySeconds` before `deletes_at`.
 */
export async function undoDeletion(
  trx: Kysely<Database>,
  { userId, delaySeconds, now }: { userId: string; delaySeconds: number; now: Date },
): Promise<boolean> {
  const { numUpdatedRows } = await trx
    .updateTable("users")
    .set({
      // MySQL assigns from left to right: this must read deletes_at before it is cleared.
      disabledAt: sql<Date | null>`if(disabled_at = deletes_at - interval ${delaySeconds} second, null, disabled_at)`,
      deletesAt: null,
      updatedAt: now,
    })
    .where("id", "=", userId)
    .where("deletesAt", ">", now)
    .executeTakeFirstOrThrow();
  return numUpdatedRows === 1n;
}

/** The accounts whose deletion is due, the longest due first. */
export async function findDueDeletions(db: Kysely<Database>, now: Date, atMost: number): Promise<string[]> {
  const due = await db
    .selectFrom("users")
    .select("id")
    .where("deletesAt", "<=", now)
    .orderBy("deletesAt")
    .limit(atMost)
    .execute();
  return due.map(({ id }) => id);
}

/**
 * Deletes an account whose deletion is due, with everything that refers to it: at most `batch` sessions in one transaction, and the
 * account in the last one. False, and nothing is deleted from then on, if the deletion was undone or another transaction has the row.
 */
export async function purgeAccount(db: Kysely<Database>, userId: string, now: Date, batch = 500): Promise<boolean> {
  const step = await retryOnDeadlock(() => db.transaction().execute((trx) => purgeBatch(trx, userId, now, batch)));
  return step === "more" ? purgeAccount(db, userId, now, batch) : step === "gone";
}

async function purgeBatch(
  trx: Transaction<Database>,
  userId: string,
  now: Date,
  batch: number,
): Promise<"more" | "gone" | "not due"> {
  const due = await trx
    .selectFrom("users")
    .select("email")
    .where("id", "=", userId)
    .where("deletesAt", "<=", now)
    .forUpdate()
    // A row that is locked is seen again by the next purge.
    .skipLocked()
    .executeTakeFirst();
  if (due === undefined) return "not due";
  const sessions = await trx.selectFrom("sessions").select("id").where("userId", "=", userId).limit(batch).execute();
  await deleteByIds(trx, "sessions", sessions);
  if (sessions.length === batch) return "more";
  // Requests for this address that are not composed yet: they do not name the account.
  const requests = await trx
    .selectFrom("outgoingMails")
    .select("id")
    .where("userId", "is", null)
    .where("recipient", "=", due.email)
    .execute();
  await deleteByIds(trx, "outgoingMails", requests);
  await trx.deleteFrom("users").where("id", "=", userId).execute();
  return "gone";
}

/** Rows are locked by primary key and in order, as other transactions do. */
async function deleteByIds(trx: Kysely<Database>, table: "sessions" | "outgoingMails", rows: { id: string }[]) {
  if (rows.length === 0) return;
  await trx
    .deleteFrom(table)
    .where("id", "in", rows.map(({ id }) => id).sort())
    .execute();
}
