import type { ExpressionBuilder, Kysely } from "kysely";
import type { Database } from "@/db/schema";

/** What an account can authenticate with, as read with its user. */
export interface FactorRow {
  passwordHash: string;
  hasTotp: number;
  recoveryCodes: number;
  passkeys: number;
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
