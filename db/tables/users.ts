import { sql, type Kysely } from "kysely";
import { isDuplicateKey } from "@/db/faults";
import { retryOnDeadlock, writeRow } from "@/db/keyed-mutex";
import type { Database, NewSession, NewUser, User } from "@/db/schema";
import { insertSession, type CallerIds, type InsertSessionResult } from "./sessions";

export async function insertUser(
  db: Kysely<Database>,
  user: NewUser,
): Promise<{ kind: "inserted" } | { kind: "taken" }> {
  try {
    await db.insertInto("users").values(user).execute();
    return { kind: "inserted" };
  } catch (error) {
    if (isDuplicateKey(error, "users_email")) return { kind: "taken" };
    throw error;
  }
}

/** An account and its first session, or neither. */
export async function insertUserWithSession(
  db: Kysely<Database>,
  user: NewUser,
  session: NewSession,
  replacedId: string | null,
): Promise<InsertSessionResult | "taken"> {
  try {
    return await retryOnDeadlock(() =>
      db.transaction().execute(async (trx) => {
        await trx.insertInto("users").values(user).execute();
        const opened = await insertSession(trx, session, { sessionEpoch: 0, replacedId });
        if (opened === null) throw new Error("A user who was just inserted has another epoch.");
        return opened;
      }),
    );
  } catch (error) {
    if (isDuplicateKey(error, "users_email")) return "taken";
    throw error;
  }
}

export interface LoginDevice {
  ip: string;
  browser: string;
  os: string;
}

/** `knownSessionId`: a session that was last seen on this device, the oldest live one if there is one; null if it is not known. */
export type UserForLogin = User & { knownSessionId: string | null };

/**
 * A device is known when a session of the user was last seen at the same address (IPv6: the same /64), browser and system. An
 * account that is still stored under `legacyEmail` goes before one under `email`.
 */
export async function findUserForLogin(
  db: Kysely<Database>,
  email: string,
  device: LoginDevice,
  legacyEmail = email,
): Promise<UserForLogin | undefined> {
  return db
    .selectFrom("users")
    .selectAll()
    .select((eb) =>
      eb
        .selectFrom("sessions")
        .select("sessions.id")
        .whereRef("sessions.userId", "=", "users.id")
        .where("sessions.browser", "=", device.browser)
        .where("sessions.os", "=", device.os)
        .where(sql<boolean>`left(inet6_aton(${sql.ref("sessions.ip")}), 8) = left(inet6_aton(${device.ip}), 8)`)
        // The order of the index: the look-up ends at the first that fits.
        .orderBy("sessions.revokedAt")
        .orderBy("sessions.id")
        .limit(1)
        .as("knownSessionId"),
    )
    .where("email", "in", legacyEmail === email ? [email] : [email, legacyEmail])
    .orderBy(sql`${sql.ref("email")} = ${legacyEmail}`, "desc")
    .limit(1)
    .executeTakeFirst();
}

export async function findUserById(db: Kysely<Database>, id: string): Promise<User | undefined> {
  return db.selectFrom("users").selectAll().where("id", "=", id).executeTakeFirst();
}

/** The user, and whether the session by which the user asks is remembered; undefined if that one does not live. */
export async function findUserOfLiveSession(
  db: Kysely<Database>,
  { userId, sessionId }: CallerIds,
  now: Date,
): Promise<(User & { remember: boolean }) | undefined> {
  return db
    .selectFrom("users")
    .innerJoin("sessions", "sessions.userId", "users.id")
    .selectAll("users")
    .select("sessions.remember")
    .where("users.id", "=", userId)
    .where("users.disabledAt", "is", null)
    .where("sessions.id", "=", sessionId)
    .where("sessions.revokedAt", "is", null)
    .where("sessions.idleExpiresAt", ">", now)
    .executeTakeFirst();
}

/** False, and nothing changed, if the session does not live by which the user asks. */
export async function updateFullName(
  db: Kysely<Database>,
  { userId, sessionId, fullName, now }: CallerIds & { fullName: string; now: Date },
): Promise<boolean> {
  return writeRow(db, userId, async () => {
    const { numUpdatedRows } = await db
      .updateTable("users")
      .set({ fullName, updatedAt: now })
      .where("id", "=", userId)
      .where("disabledAt", "is", null)
      .where((eb) =>
        eb.exists(
          eb
            .selectFrom("sessions")
            .select("sessions.id")
            .whereRef("sessions.userId", "=", "users.id")
            .where("sessions.id", "=", sessionId)
            .where("sessions.revokedAt", "is", null)
            .where("sessions.idleExpiresAt", ">", now),
        ),
      )
      .executeTakeFirstOrThrow();
    return numUpdatedRows === 1n;
  });
}

/** For a rehash with newer parameters: the password stays, and so do the sessions. False if it was changed meanwhile. */
export async function replacePasswordHash(
  db: Kysely<Database>,
  { userId, oldHash, newHash, now }: { userId: string; oldHash: string; newHash: string; now: Date },
): Promise<boolean> {
  return writeRow(db, userId, async () => {
    const { numUpdatedRows } = await db
      .updateTable("users")
      .set({ passwordHash: newHash, updatedAt: now })
      .where("id", "=", userId)
      .where("passwordHash", "=", oldHash)
      .executeTakeFirstOrThrow();
    return numUpdatedRows === 1n;
  });
}
