import type { Kysely } from "kysely";
import { writeRow } from "@/db/keyed-mutex";
import type { Database, NewChallenge } from "@/db/schema";
import { codeColumns, factorColumns, NO_NUMBER, type StoredCodes } from "./factors";
import type { CallerIds } from "./sessions";
import { hasEarlierSession, knownSessionId, type LoginDevice, type UserForLogin } from "./users";

/** The ceremonies of WebAuthn. A login that waits for its second step is a challenge too, of none of them. */
export type Ceremony = "passkey-login" | "passkey-registration" | "passkey-assertion" | "account-registration";

export async function insertChallenge(db: Kysely<Database>, challenge: NewChallenge): Promise<void> {
  await db.insertInto("challenges").values(challenge).execute();
}

/** The user of a login that waits for its second step. Undefined if that was used, has expired, or is of another ceremony. */
export async function findUserOfChallenge(
  db: Kysely<Database>,
  id: string,
  device: LoginDevice,
  now: Date,
  recoveryCodeNumber = NO_NUMBER,
): Promise<(UserForLogin & StoredCodes) | undefined> {
  return db
    .selectFrom("users")
    .innerJoin("challenges", "challenges.userId", "users.id")
    .selectAll("users")
    .select(factorColumns)
    .select((eb) => codeColumns(eb, recoveryCodeNumber))
    .select((eb) => [knownSessionId(eb, device), hasEarlierSession(eb)])
    .where("challenges.id", "=", id)
    .where("challenges.ceremony", "=", "login")
    .where("challenges.usedAt", "is", null)
    .where("challenges.expiresAt", ">", now)
    .executeTakeFirst();
}

/** True for exactly one of several concurrent calls; false also after the challenge has expired. */
export async function useChallenge(db: Kysely<Database>, id: string, now: Date): Promise<boolean> {
  const use = async () => {
    const { numUpdatedRows } = await db
      .updateTable("challenges")
      .set({ usedAt: now })
      .where("id", "=", id)
      .where("usedAt", "is", null)
      .where("expiresAt", ">", now)
      .executeTakeFirstOrThrow();
    return numUpdatedRows === 1n;
  };
  return db.isTransaction ? use() : writeRow(db, id, use);
}

/** The challenge of a registration that a session has begun. Undefined also if it was used or has expired. */
export async function findRegistration(
  db: Kysely<Database>,
  challenge: string,
  { userId, sessionId }: CallerIds,
  now: Date,
): Promise<{ id: string } | undefined> {
  const ceremony: Ceremony = "passkey-registration";
  return db
    .selectFrom("challenges")
    .select("id")
    .where("challenge", "=", challenge)
    .where("ceremony", "=", ceremony)
    .where("userId", "=", userId)
    .where("boundTo", "=", sessionId)
    .where("usedAt", "is", null)
    .where("expiresAt", ">", now)
    .executeTakeFirst();
}

/**
 * The challenge of a registration of an account, used or not. `userId`: the id that the account gets, which its passkey already
 * contains. Undefined after it has expired.
 */
export async function findAccountRegistration(
  db: Kysely<Database>,
  challenge: string,
  now: Date,
): Promise<{ id: string; userId: string; usedAt: Date | null } | undefined> {
  const ceremony: Ceremony = "account-registration";
  return db
    .selectFrom("challenges")
    .select(["id", "usedAt"])
    .select((eb) => eb.ref("boundTo").$notNull().as("userId"))
    .where("challenge", "=", challenge)
    .where("ceremony", "=", ceremony)
    .where("expiresAt", ">", now)
    .executeTakeFirst();
}
