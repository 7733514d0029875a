import type { Kysely } from "kysely";
import { writeRow } from "@/db/keyed-mutex";
import type { Database, NewChallenge } from "@/db/schema";
import { factorColumns } from "./factors";
import { hasEarlierSession, knownSessionId, type LoginDevice, type UserForLogin } from "./users";

export async function insertChallenge(db: Kysely<Database>, challenge: NewChallenge): Promise<void> {
  await db.insertInto("challenges").values(challenge).execute();
}

/** The user of a login that waits for its second step. Undefined if that was used, has expired, or is of another ceremony. */
export async function findUserOfChallenge(
  db: Kysely<Database>,
  id: string,
  device: LoginDevice,
  now: Date,
): Promise<UserForLogin | undefined> {
  return db
    .selectFrom("users")
    .innerJoin("challenges", "challenges.userId", "users.id")
    .selectAll("users")
    .select(factorColumns)
    .select((eb) => [knownSessionId(eb, device), hasEarlierSession(eb)])
    .where("challenges.id", "=", id)
    .where("challenges.ceremony", "=", "login")
    .where("challenges.usedAt", "is", null)
    .where("challenges.expiresAt", ">", now)
    .executeTakeFirst();
}

/** True for exactly one of several concurrent calls; false also after the challenge has expired. */
export async function useChallenge(db: Kysely<Database>, id: string, now: Date): Promise<boolean> {
  return writeRow(db, id, async () => {
    const { numUpdatedRows } = await db
      .updateTable("challenges")
      .set({ usedAt: now })
      .where("id", "=", id)
      .where("usedAt", "is", null)
      .where("expiresAt", ">", now)
      .executeTakeFirstOrThrow();
    return numUpdatedRows === 1n;
  });
}
