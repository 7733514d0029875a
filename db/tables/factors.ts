import { sql, type ExpressionBuilder, type Kysely, type Transaction } from "kysely";
import type { Database } from "@/db/schema";
import type { CallerIds } from "./sessions";

/** What an account can authenticate with, as read with its user. */
export interface FactorRow {
  passwordHash: string;
  hasTotp: number;
  recoveryCodes: number;
  passkeys: number;
  /** The domain of each passkey, as a JSON array of text; null if there is none. */
  passkeyDomains: string | null;
}

/** For a select from `users`. */
export function factorColumns(eb: ExpressionBuilder<Database, "users">) {
  return [
    eb
      .exists(
        eb
          .selectFrom("totpSecrets")
          .select("totpSecrets.userId")
          .whereRef("totpSecrets.userId", "=", "users.id")
          .where("totpSecrets.secret", "is not", null),
      )
      .$castTo<number>()
      .as("hasTotp"),
    eb
      .selectFrom("recoveryCodes")
      .select((count) => count.fn.countAll<number>().as("unused"))
      .whereRef("recoveryCodes.userId", "=", "users.id")
      .where("recoveryCodes.usedAt", "is", null)
      .$asScalar()
      .$notNull()
      .as("recoveryCodes"),
    eb
      .selectFrom("passkeys")
      .select((count) => count.fn.countAll<number>().as("all"))
      .whereRef("passkeys.userId", "=", "users.id")
      .$asScalar()
      .$notNull()
      .as("passkeys"),
    eb
      .selectFrom("passkeys")
      .select(sql<string | null>`cast(json_arrayagg(passkeys.rp_id) as char)`.as("domains"))
      .whereRef("passkeys.userId", "=", "users.id")
      .as("passkeyDomains"),
  ] as const;
}

/** No recovery code has it. */
export const NO_NUMBER = 0;

/** What the codes of an account are judged by, as read with its user: null where it has no app, or no such unused code. */
export interface StoredCodes {
  totpSecret: string | null;
  totpDriftSteps: number | null;
  totpLastStep: number | null;
  recoveryCodeHash: string | null;
  /** Unused ones. */
  recoveryCodes: number;
  /** The clock that all instances share. */
  databaseNow: Date;
}

/** For a select from `users`, with `factorColumns`. All are read for every method, so that the work does not reveal which of them exist. */
export function codeColumns(eb: ExpressionBuilder<Database, "users">, recoveryCodeNumber: number) {
  const app = eb.selectFrom("totpSecrets").whereRef("totpSecrets.userId", "=", "users.id");
  return [
    app.select("totpSecrets.secret").as("totpSecret"),
    app.select("totpSecrets.driftSteps").as("totpDriftSteps"),
    app.select("totpSecrets.lastStep").as("totpLastStep"),
    eb
      .selectFrom("recoveryCodes")
      .select("recoveryCodes.codeHash")
      .whereRef("recoveryCodes.userId", "=", "users.id")
      .where("recoveryCodes.number", "=", recoveryCodeNumber)
      .where("recoveryCodes.usedAt", "is", null)
      .as("recoveryCodeHash"),
    sql<Date>`utc_timestamp(3)`.as("databaseNow"),
  ] as const;
}

/** Undefined if the user is missing. */
export async function findFactorRow(db: Kysely<Database>, userId: string): Promise<FactorRow | undefined> {
  return db
    .selectFrom("users")
    .select("passwordHash")
    .select(factorColumns)
    .where("id", "=", userId)
    .executeTakeFirst();
}

/**
 * Removes the factors of an account that were added at or after `since`, all without it, also those that wait for their first code.
 * Call it with the user's row locked.
 */
export async function removeFactors(trx: Transaction<Database>, userId: string, since = new Date(0)): Promise<void> {
  for (const table of ["passkeys", "recoveryCodes"] as const) {
    await trx.deleteFrom(table).where("userId", "=", userId).where("createdAt", ">=", since).execute();
  }
  // A secret that replaced an earlier one keeps the time at which the row was made, and has a new one of confirmation.
  await trx
    .deleteFrom("totpSecrets")
    .where("userId", "=", userId)
    .where((eb) => eb.or([eb("secret", "is", null), eb("confirmedAt", ">=", since)]))
    .execute();
  await trx
    .updateTable("totpSecrets")
    .set({ pendingSecret: null, pendingSince: null })
    .where("userId", "=", userId)
    .execute();
}

/** When the earliest second factor of an account was added, or null. Call it with the user's row locked. */
export async function findFirstFactorAt(trx: Transaction<Database>, userId: string): Promise<Date | null> {
  const app = trx.selectFrom("totpSecrets").select("confirmedAt as addedAt").where("userId", "=", userId);
  const passkeys = trx.selectFrom("passkeys").select("createdAt as addedAt").where("userId", "=", userId);
  const all = app.where("secret", "is not", null).unionAll(passkeys);
  return (await all.orderBy("addedAt").limit(1).executeTakeFirst())?.addedAt ?? null;
}

/** What stored factors depend on in the configuration, with the number of factors for each. */
export interface FactorCounts {
  /** Of authenticator apps, by the id of the key that encrypted them. */
  appsByKey: Record<string, number>;
  passkeysByDomain: Record<string, number>;
}

/** For an operator: reads whole tables. */
export async function countFactors(db: Kysely<Database>): Promise<FactorCounts> {
  const apps = await db
    .selectFrom("totpSecrets")
    .select((eb) => [sql<string>`substring_index(secret, '.', 1)`.as("key"), eb.fn.countAll<number>().as("count")])
    .where("secret", "is not", null)
    .groupBy("key")
    .execute();
  const passkeys = await db
    .selectFrom("passkeys")
    .select((eb) => ["rpId", eb.fn.countAll<number>().as("count")])
    .groupBy("rpId")
    .execute();
  return {
    appsByKey: Object.fromEntries(apps.map(({ key, count }) => [key, Number(count)])),
    passkeysByDomain: Object.fromEntries(passkeys.map(({ rpId, count }) => [rpId, Number(count)])),
  };
}

/** Undefined if the caller's session is not live. */
export async function findListedFactors(db: Kysely<Database>, { userId, sessionId }: CallerIds, now: Date) {
  return db
    .selectFrom("users")
    .innerJoin("sessions", "sessions.userId", "users.id")
    .leftJoin("totpSecrets", "totpSecrets.userId", "users.id")
    .select(["users.passwordHash", "totpSecrets.confirmedAt as totpConfirmedAt"])
    .select(factorColumns)
    .select((eb) =>
      eb
        .selectFrom("recoveryCodes")
        .select((count) => count.fn.countAll<number>().as("all"))
        .whereRef("recoveryCodes.userId", "=", "users.id")
        .$asScalar()
        .$notNull()
        .as("madeCodes"),
    )
    .where("users.id", "=", userId)
    .where("users.disabledAt", "is", null)
    .where("sessions.id", "=", sessionId)
    .where("sessions.revokedAt", "is", null)
    .where("sessions.idleExpiresAt", ">", now)
    .executeTakeFirst();
}

export async function listPasskeys(db: Kysely<Database>, userId: string) {
  return db
    .selectFrom("passkeys")
    .select(["id", "name", "createdAt", "lastUsedAt", "backedUp"])
    .where("userId", "=", userId)
    .orderBy("createdAt")
    .orderBy("id")
    .execute();
}
