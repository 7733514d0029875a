import type { Kysely, Transaction } from "kysely";
import type { Database } from "@/db/schema";

/** One code of a set, before it has an owner. */
export interface NewRecoveryCode {
  number: number;
  codeHash: string;
}

export async function countRecoveryCodes(db: Kysely<Database>, userId: string): Promise<number> {
  const { unused } = await db
    .selectFrom("recoveryCodes")
    .select((eb) => eb.fn.countAll<number>().as("unused"))
    .where("userId", "=", userId)
    .where("usedAt", "is", null)
    .executeTakeFirstOrThrow();
  return Number(unused);
}

/** Call it with the user's row locked, as the next two: two sets at once would both be shown, and one of them would not work. */
export async function replaceRecoveryCodes(
  trx: Transaction<Database>,
  userId: string,
  codes: readonly NewRecoveryCode[],
  now: Date,
): Promise<void> {
  await deleteRecoveryCodes(trx, userId);
  await insertRecoveryCodes(trx, userId, codes, now);
}

/** For an account that has none. */
export async function insertRecoveryCodes(
  trx: Transaction<Database>,
  userId: string,
  codes: readonly NewRecoveryCode[],
  now: Date,
): Promise<void> {
  await trx
    .insertInto("recoveryCodes")
    .values(codes.map((code) => ({ ...code, userId, createdAt: now })))
    .execute();
}

/** Inserts a set for an account without unused codes. False, and nothing changed, if it has some. */
export async function insertFirstRecoveryCodes(
  trx: Transaction<Database>,
  userId: string,
  codes: readonly NewRecoveryCode[],
  now: Date,
): Promise<boolean> {
  if ((await countRecoveryCodes(trx, userId)) > 0) return false;
  await replaceRecoveryCodes(trx, userId, codes, now);
  return true;
}

/** With the last second factor its recovery codes go, too. */
export async function deleteRecoveryCodes(trx: Transaction<Database>, userId: string): Promise<void> {
  await trx.deleteFrom("recoveryCodes").where("userId", "=", userId).execute();
}
