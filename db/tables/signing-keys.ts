import { sql, type Kysely } from "kysely";
import { isDuplicateKey } from "@/db/faults";
import { retryOnDeadlock } from "@/db/keyed-mutex";
import type { Database, SigningKey } from "@/db/schema";

/** All keys in their order, and the database's clock when they were read. */
export interface StoredKeys {
  keys: SigningKey[];
  databaseNow: Date;
}

export type NewKey = Pick<SigningKey, "sequence" | "id" | "privateKey">;

/** One statement, with a row for the clock if there is no key. */
export async function findSigningKeys(db: Kysely<Database>): Promise<StoredKeys> {
  const { rows } = await sql<SigningKey & { databaseNow: Date }>`
    select utc_timestamp(3) as database_now, signing_keys.* from (select 1) as always
    left join signing_keys on true order by sequence`.execute(db);
  const { databaseNow } = rows[0]!;
  const keys = rows.filter(({ sequence }) => sequence !== null);
  return { databaseNow, keys: keys.map(({ databaseNow: _, ...key }) => key) };
}

/** Publishes a key at once. False, and nothing done, if another one has that place in the sequence already. */
export async function insertSigningKey(db: Kysely<Database>, key: NewKey, signsAfterSeconds: number): Promise<boolean> {
  const now = sql<Date>`utc_timestamp(3)`;
  const signsFrom = sql<Date>`utc_timestamp(3) + interval ${signsAfterSeconds} second`;
  const insert = () =>
    db
      .insertInto("signingKeys")
      .values({ ...key, createdAt: now, signsFrom })
      .execute();
  try {
    await (db.isTransaction ? insert() : retryOnDeadlock(insert));
    return true;
  } catch (error) {
    if (isDuplicateKey(error, "PRIMARY")) return false;
    throw error;
  }
}

/** Drops all keys at once, and inserts one that signs at once; false, and nothing done, if another one has its place already. */
export async function replaceCompromisedKeys(db: Kysely<Database>, key: NewKey): Promise<boolean> {
  return retryOnDeadlock(() =>
    db.transaction().execute(async (trx) => {
      if (!(await insertSigningKey(trx, key, 0))) return false;
      await trx
        .updateTable("signingKeys")
        .set({ compromisedAt: sql<Date>`utc_timestamp(3)` })
        .where("sequence", "<", key.sequence)
        .where("compromisedAt", "is", null)
        .execute();
      return true;
    }),
  );
}

export async function deleteSigningKeys(db: Kysely<Database>, sequences: number[]): Promise<void> {
  await retryOnDeadlock(() => db.deleteFrom("signingKeys").where("sequence", "in", sequences).execute());
}
