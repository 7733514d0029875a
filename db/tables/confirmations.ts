import type { Kysely, Transaction } from "kysely";
import { retryOnDeadlock, writeRow } from "@/db/keyed-mutex";
import type { Confirmation, Database, OutgoingMail, User } from "@/db/schema";
import { IS_GALERA_NODE } from "@/db/server-state";

export type NewConfirmation = Omit<Confirmation, "codeTries" | "usedAt" | "supersededAt">;

/** A confirmation with its account. */
export type ConfirmationOfUser = Confirmation &
  Pick<User, "fullName"> & { userEmail: string; userDisabledAt: Date | null };

export async function findConfirmation(db: Kysely<Database>, id: string): Promise<ConfirmationOfUser | undefined> {
  return db
    .selectFrom("confirmations")
    .innerJoin("users", "users.id", "confirmations.userId")
    .selectAll("confirmations")
    .select(["users.fullName", "users.email as userEmail", "users.disabledAt as userDisabledAt"])
    .where("confirmations.id", "=", id)
    .executeTakeFirst();
}

/**
 * Locks the user's row first, like every transaction on an account. On Galera, where a lock holds on one node only, the row is written
 * as well: of two transactions that wrote one row on different nodes, the second fails when it commits, and is repeated.
 */
export async function lockUserRow(trx: Transaction<Database>, id: string): Promise<User | undefined> {
  return lockUser(trx, "id", id);
}

async function lockUser(trx: Transaction<Database>, column: "id" | "email", value: string): Promise<User | undefined> {
  const found = trx.selectFrom("users").selectAll().select(IS_GALERA_NODE.as("isGaleraNode")).where(column, "=", value);
  const row = await found.forUpdate().executeTakeFirst();
  if (row === undefined) return undefined;
  const { isGaleraNode, ...user } = row;
  if (!isGaleraNode) return user;
  const lockCount = user.lockCount + 1;
  await trx.updateTable("users").set({ lockCount }).where("id", "=", user.id).execute();
  return { ...user, lockCount };
}

/**
 * Finds the open confirmation that a code typed with an address belongs to. A code that belongs to none counts against all that are
 * open, in the transaction that compared it, so that concurrent guesses cannot share the last try.
 */
export async function findConfirmationByCode(
  db: Kysely<Database>,
  { emails, triesAtMost, now }: { emails: string[]; triesAtMost: number; now: Date },
  isRight: (confirmation: Confirmation) => boolean,
): Promise<string | null> {
  return retryOnDeadlock(() =>
    db.transaction().execute(async (trx) => {
      const guessable = await trx
        .selectFrom("confirmations")
        .selectAll()
        .where("email", "in", emails)
        .where("codeTries", "<", triesAtMost)
        .where("usedAt", "is", null)
        .where("supersededAt", "is", null)
        .where("expiresAt", ">", now)
        .orderBy("id")
        .forUpdate()
        .execute();
      const right = guessable.find(isRight);
      if (right !== undefined) return right.id;
      // Also where there is none: an address without a confirmation takes as many statements.
      await trx
        .updateTable("confirmations")
        .set((eb) => ({ codeTries: eb("codeTries", "+", 1) }))
        .where("id", "in", guessable.length === 0 ? [""] : guessable.map(({ id }) => id))
        .execute();
      return null;
    }),
  );
}

/**
 * Marks a confirmation as used and applies its effect, in one transaction. *Spent*: it is not open any more, or the account is gone.
 * An effect that throws leaves the confirmation open.
 */
export async function useConfirmation<Result>(
  db: Kysely<Database>,
  { id, userId, now }: { id: string; userId: string; now: Date },
  effect: (trx: Transaction<Database>, user: User) => Promise<Result>,
): Promise<Result | "spent"> {
  return writeRow(db, userId, () =>
    db.transaction().execute(async (trx) => {
      const user = await lockUserRow(trx, userId);
      if (user === undefined || !(await markUsed(trx, id, now))) return "spent";
      return effect(trx, user);
    }),
  );
}

/** False if the confirmation was used, superseded or has expired. */
export async function markUsed(trx: Transaction<Database>, id: string, now: Date): Promise<boolean> {
  const { numUpdatedRows } = await trx
    .updateTable("confirmations")
    .set({ usedAt: now })
    .where("id", "=", id)
    .where("usedAt", "is", null)
    .where("supersededAt", "is", null)
    .where("expiresAt", ">", now)
    .executeTakeFirstOrThrow();
  return numUpdatedRows === 1n;
}

/**
 * Ends the open confirmations of an account, except those for `keepEmail`, and deletes mails of these kinds that were not sent. Call it
 * with the user's row locked. `email` is the address of the account.
 */
export async function supersede(
  trx: Transaction<Database>,
  {
    userId,
    email,
    purposes,
    keepEmail = "",
    now,
  }: { userId: string; email: string; purposes: readonly string[]; keepEmail?: string; now: Date },
): Promise<void> {
  await trx
    .updateTable("confirmations")
    .set({ supersededAt: now })
    .where("userId", "=", userId)
    .where("purpose", "in", purposes)
    .where("email", "<>", keepEmail)
    .where("usedAt", "is", null)
    .where("supersededAt", "is", null)
    .where("expiresAt", ">", now)
    .execute();
  // A mail of the kind of its link reports nothing else. A request has no user id until it is composed.
  const unsent = await trx
    .selectFrom("outgoingMails")
    .select("id")
    .where((eb) => eb.or([eb("userId", "=", userId), eb("userId", "is", null).and("recipient", "=", email)]))
    .where("kind", "in", purposes)
    .where("recipient", "<>", keepEmail)
    .where("nextAttemptAt", "is not", null)
    .execute();
  if (unsent.length === 0) return;
  await trx
    .deleteFrom("outgoingMails")
    .where("id", "in", unsent.map(({ id }) => id).sort())
    .where("sentAt", "is", null)
    .execute();
}

/** Ends the open confirmations of an account that are later than `confirmation`. */
export async function supersedeLater(
  trx: Transaction<Database>,
  { id, userId, createdAt }: Pick<Confirmation, "id" | "userId" | "createdAt">,
  purposes: readonly string[],
  now: Date,
): Promise<void> {
  await trx
    .updateTable("confirmations")
    .set({ supersededAt: now })
    .where("userId", "=", userId)
    .where("purpose", "in", purposes)
    .where("createdAt", ">=", createdAt)
    .where("id", "<>", id)
    .where("usedAt", "is", null)
    .where("supersededAt", "is", null)
    .execute();
}

export async function insertConfirmation(trx: Transaction<Database>, confirmation: NewConfirmation): Promise<void> {
  await trx.insertInto("confirmations").values(confirmation).execute();
}

/** The session that asked last confirms without a code. */
export async function recordAsker(trx: Transaction<Database>, id: string, askedBySessionId: string): Promise<void> {
  await trx.updateTable("confirmations").set({ askedBySessionId }).where("id", "=", id).execute();
}

/** The open confirmation of an account for a purpose and an address, the oldest if there are several. */
export async function findOpenConfirmation(
  trx: Transaction<Database>,
  { userId, purpose, email }: Pick<Confirmation, "userId" | "purpose" | "email">,
  now: Date,
): Promise<Confirmation | undefined> {
  return trx
    .selectFrom("confirmations")
    .selectAll()
    .where("userId", "=", userId)
    .where("purpose", "=", purpose)
    .where("email", "=", email)
    .where("usedAt", "is", null)
    .where("supersededAt", "is", null)
    .where("expiresAt", ">", now)
    .orderBy("createdAt")
    .orderBy("id")
    .limit(1)
    .executeTakeFirst();
}

/**
 * Whether an address is another account's, or was until a change that its owner can still revert: a thief who changed the address
 * must not be able to occupy the old one.
 */
export async function isAddressTaken(
  db: Kysely<Database>,
  { email, exceptUserId }: { email: string; exceptUserId: string },
  now: Date,
): Promise<boolean> {
  const user = db.selectFrom("users").select("id").where("email", "=", email).where("id", "<>", exceptUserId);
  const revert = openReverts(db, email, now).where("userId", "<>", exceptUserId);
  return (await user.unionAll(revert).limit(1).executeTakeFirst()) !== undefined;
}

/** The links that can restore an address. */
export function openReverts(db: Kysely<Database>, email: string, now: Date) {
  return db
    .selectFrom("confirmations")
    .select("id")
    .where("email", "=", email)
    .where("purpose", "=", "revert-email")
    .where("usedAt", "is", null)
    .where("supersededAt", "is", null)
    .where("expiresAt", ">", now);
}

/** The mail's account, by id or else by one of the addresses that were asked for, the first one preferred. */
async function lockUserOfMail(
  trx: Transaction<Database>,
  { userId }: Pick<OutgoingMail, "userId">,
  emails: string[],
): Promise<User | undefined> {
  if (userId !== null) return lockUserRow(trx, userId);
  for (const email of new Set(emails)) {
    const user = await lockUser(trx, "email", email);
    if (user !== undefined) return user;
  }
  return undefined;
}

/**
 * Prepares a mail with its account locked: `prepare` returns the id of its confirmation, null for a mail without a link, or undefined
 * if there is nothing to send. The mail then names its confirmation, so that each attempt sends the same link. Undefined also for a
 * mail that was deleted meanwhile.
 */
export async function prepareMail(
  db: Kysely<Database>,
  mail: Pick<OutgoingMail, "id" | "userId">,
  emails: string[],
  prepare: (trx: Transaction<Database>, user: User) => Promise<Confirmation | null | undefined>,
): Promise<{ user: User; confirmation: Confirmation | null } | undefined> {
  return retryOnDeadlock(() =>
    db.transaction().execute(async (trx) => {
      const user = await lockUserOfMail(trx, mail, emails);
      const confirmation = user && (await prepare(trx, user));
      if (user === undefined || confirmation === undefined) return undefined;
      // Read under the user's lock: a change of credentials deletes the mail under it.
      const { numUpdatedRows } = await trx
        .updateTable("outgoingMails")
        .set({ userId: user.id, confirmationId: confirmation?.id ?? null })
        .where("id", "=", mail.id)
        .executeTakeFirstOrThrow();
      if (numUpdatedRows === 1n) return { user, confirmation };
      throw new MailDeleted();
    }),
  ).catch((error: unknown) => {
    if (error instanceof MailDeleted) return undefined;
    throw error;
  });
}

/** Rolls back the confirmation that was opened for the mail. */
class MailDeleted extends Error {}
