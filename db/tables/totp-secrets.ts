import { sql, type Kysely, type Transaction } from "kysely";
import type { Database, TotpSecret } from "@/db/schema";

/** With the database's clock, which all instances share. */
export async function findTotpSecret(
  db: Kysely<Database>,
  userId: string,
): Promise<(TotpSecret & { databaseNow: Date }) | undefined> {
  return db
    .selectFrom("totpSecrets")
    .selectAll()
    .select(sql<Date>`utc_timestamp(3)`.as("databaseNow"))
    .where("userId", "=", userId)
    .executeTakeFirst();
}

/** Keeps a new secret beside the one that works, until a code proves it. */
export async function insertPendingSecret(
  trx: Transaction<Database>,
  userId: string,
  pendingSecret: string,
  now: Date,
): Promise<void> {
  await trx
    .insertInto("totpSecrets")
    .values({ userId, pendingSecret, pendingSince: now, createdAt: now })
    .onDuplicateKeyUpdate({ pendingSecret, pendingSince: now })
    .execute();
}

/** Replaces the secret that works by the pending one. False, and nothing changed, if that is another one by now. */
export async function activatePendingSecret(
  trx: Transaction<Database>,
  userId: string,
  {
    pendingSecret,
    driftSteps,
    lastStep,
    now,
  }: { pendingSecret: string; driftSteps: number; lastStep: number; now: Date },
): Promise<boolean> {
  const { numUpdatedRows } = await trx
    .updateTable("totpSecrets")
    .set({
      secret: pendingSecret,
      driftSteps,
      lastStep,
      confirmedAt: now,
      pendingSecret: null,
      pendingSince: null,
    })
    .where("userId", "=", userId)
    .where("pendingSecret", "=", pendingSecret)
    .executeTakeFirstOrThrow();
  return numUpdatedRows === 1n;
}

/** With a pending secret, if there is one. */
export async function deleteTotpSecret(trx: Transaction<Database>, userId: string): Promise<void> {
  await trx.deleteFrom("totpSecrets").where("userId", "=", userId).execute();
}
