import { sql, type ExpressionBuilder, type Kysely, type Transaction } from "kysely";
import { isDuplicateKey } from "@/db/faults";
import { retryOnDeadlock, writeRow } from "@/db/keyed-mutex";
import type { Database, NewSession, NewUser, User } from "@/db/schema";
import { codeColumns, factorColumns, type FactorRow, type StoredCodes } from "./factors";
import { insertVerification, type NewMail } from "./outgoing-mails";
import { insertSession, type CallerIds, type InsertSessionResult } from "./sessions";

export async function insertUser(
  db: Kysely<Database>,
  user: NewUser,
): Promise<{ kind: "inserted" } | { kind: "taken" }> {
  try {
    await retryOnDeadlock(() => db.insertInto("users").values(user).execute());
    return { kind: "inserted" };
  } catch (error) {
    if (isDuplicateKey(error, "users_email")) return { kind: "taken" };
    throw error;
  }
}

export interface NewAccount {
  user: NewUser;
  session: NewSession;
  /** The session that the browser had before. */
  replacedId: string | null;
  /** Null: mail is off. */
  mail: NewMail | null;
}

/**
 * Inserts an account, its first session and the mail that verifies its address, in one transaction. Without mail no address can have
 * been changed, so none is held for the account that had it.
 */
export async function insertUserWithSession(
  db: Kysely<Database>,
  user: NewUser,
  session: NewSession,
  replacedId: string | null,
  mail: NewMail | null = null,
): Promise<InsertSessionResult | "taken"> {
  const insert = (trx: Transaction<Database>) => insertAccount(trx, { user, session, replacedId, mail });
  try {
    return await retryOnDeadlock(() => db.transaction().execute(insert));
  } catch (error) {
    if (isEmailTaken(error)) return "taken";
    throw error;
  }
}

/** The same within a transaction, which it rolls back for a taken address: see `isEmailTaken`. */
export async function insertAccount(
  trx: Transaction<Database>,
  { user, session, replacedId, mail }: NewAccount,
): Promise<InsertSessionResult> {
  await trx.insertInto("users").values(user).execute();
  const opened = await insertSession(trx, session, { sessionEpoch: 0, replacedId });
  if (opened === null) throw new Error("A user inserted in this transaction has another session epoch.");
  // After the user, whose insert waits for a change that frees the address: before it, that change could not be seen.
  if (mail !== null && !(await insertVerification(trx, mail))) throw new AddressHeld();
  return opened;
}

/** Whether `insertAccount` threw this because another account has the address, or can still restore it. */
export function isEmailTaken(error: unknown): boolean {
  return isDuplicateKey(error, "users_email") || error instanceof AddressHeld;
}

/** Rolls back an account whose address its former account can still restore. */
class AddressHeld extends Error {}

export interface LoginDevice {
  ip: string;
  browser: string;
  os: string;
}

/** `knownSessionId`: a session last seen on this device, the oldest live one if any is live; null if the device is unknown or forgotten. */
export type UserForLogin = User & {
  knownSessionId: string | null;
  /** 1 if the account has a session, live or ended. */
  hasEarlierSession: number;
} & FactorRow;

const USER_COLUMNS = [
  "email",
  "fullName",
  "passwordHash",
  "role",
  "sessionEpoch",
  "disabledAt",
  "emailVerifiedAt",
  "devicesForgottenAt",
  "deletesAt",
  "lockCount",
  "createdAt",
  "updatedAt",
] as const satisfies (keyof User)[];

/** No user has it. */
const NO_USER_ID = "00000000-0000-0000-0000-000000000000";

/**
 * A device is known if a session of the user was last seen with the same address (IPv6: the same /64), browser and operating
 * system. An account stored under `legacyEmail` is preferred to one under `email`.
 * The row exists for an unknown email too: the time of its lookups and of reading it must not reveal which emails have accounts.
 */
export async function findUserForLogin(
  db: Kysely<Database>,
  email: string,
  device: LoginDevice,
  legacyEmail = email,
): Promise<UserForLogin | undefined> {
  const emails = legacyEmail === email ? [email] : [email, legacyEmail];
  const { email: foundEmail, ...row } = await db
    .selectFrom((eb) =>
      eb
        .selectFrom(sql`(select 1)`.as("one"))
        .leftJoin("users as found", (join) => join.on("found.email", "in", emails))
        .select(USER_COLUMNS.map((column) => `found.${column}` as const))
        .select(({ fn, val }) => fn.coalesce("found.id", val(NO_USER_ID)).as("id"))
        .$castTo<Pick<User, "id" | Exclude<(typeof USER_COLUMNS)[number], "email">> & { email: string | null }>()
        .as("users"),
    )
    .selectAll()
    .select((eb) => [knownSessionId(eb, device), hasEarlierSession(eb)])
    .select(factorColumns)
    .orderBy(sql`${sql.ref("email")} = ${legacyEmail}`, "desc")
    .limit(1)
    .executeTakeFirstOrThrow();
  return foundEmail === null ? undefined : { ...row, email: foundEmail };
}

/** See `UserForLogin`. For a select from `users`. */
export function knownSessionId(eb: ExpressionBuilder<Database, "users">, device: LoginDevice) {
  return (
    eb
      .selectFrom("sessions")
      .select("sessions.id")
      .whereRef("sessions.userId", "=", "users.id")
      .where("sessions.browser", "=", device.browser)
      .where("sessions.os", "=", device.os)
      .where((where) =>
        where.or([
          where("users.devicesForgottenAt", "is", null),
          where("sessions.lastSeenAt", ">", where.ref("users.devicesForgottenAt")),
        ]),
      )
      .where(sql<boolean>`left(inet6_aton(${sql.ref("sessions.ip")}), 8) = left(inet6_aton(${device.ip}), 8)`)
      // The order of the index, so that the lookup ends at the first match.
      .orderBy("sessions.revokedAt")
      .orderBy("sessions.id")
      .limit(1)
      .as("knownSessionId")
  );
}

/** See `UserForLogin`. For a select from `users`. */
export function hasEarlierSession(eb: ExpressionBuilder<Database, "users">) {
  return eb
    .exists(eb.selectFrom("sessions").select("sessions.id").whereRef("sessions.userId", "=", "users.id"))
    .$castTo<number>()
    .as("hasEarlierSession");
}

export async function findUserById(db: Kysely<Database>, id: string): Promise<User | undefined> {
  return db.selectFrom("users").selectAll().where("id", "=", id).executeTakeFirst();
}

/** The user, and whether the caller's session is remembered; undefined if that session is not live. */
export async function findUserOfLiveSession(
  db: Kysely<Database>,
  caller: CallerIds,
  now: Date,
): Promise<(User & { remember: boolean }) | undefined> {
  return userOfLiveSession(db, caller, now).select("sessions.remember").executeTakeFirst();
}

function userOfLiveSession(db: Kysely<Database>, { userId, sessionId }: CallerIds, now: Date) {
  return db
    .selectFrom("users")
    .innerJoin("sessions", "sessions.userId", "users.id")
    .selectAll("users")
    .where("users.id", "=", userId)
    .where("users.disabledAt", "is", null)
    .where("sessions.id", "=", sessionId)
    .where("sessions.revokedAt", "is", null)
    .where("sessions.idleExpiresAt", ">", now);
}

/** The same, with what a code is judged by. */
export async function findUserForStepUp(
  db: Kysely<Database>,
  caller: CallerIds,
  recoveryCodeNumber: number,
  now: Date,
): Promise<(User & StoredCodes) | undefined> {
  return userOfLiveSession(db, caller, now)
    .select(factorColumns)
    .select((eb) => codeColumns(eb, recoveryCodeNumber))
    .executeTakeFirst();
}

/** False, and nothing changed, if the caller's session is not live. */
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

/** For a rehash with newer parameters: password and sessions stay. False if the password was changed meanwhile. */
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

/** The address was confirmed. Call it with the user's row locked, as the next three. */
export async function markEmailVerified(trx: Transaction<Database>, userId: string, now: Date): Promise<void> {
  await trx
    .updateTable("users")
    .set({ emailVerifiedAt: coalesceVerified(now), updatedAt: now })
    .where("id", "=", userId)
    .execute();
}

/** Replaces the address by a confirmed one. *Taken*: another account has it. */
export async function replaceEmail(
  trx: Transaction<Database>,
  { userId, email, now }: { userId: string; email: string; now: Date },
): Promise<"replaced" | "taken"> {
  try {
    await trx
      .updateTable("users")
      .set({ email, emailVerifiedAt: now, updatedAt: now })
      .where("id", "=", userId)
      .execute();
    return "replaced";
  } catch (error) {
    if (isDuplicateKey(error, "users_email")) return "taken";
    throw error;
  }
}

/** Replaces a forgotten password. Devices count as unknown from now on, and the address as confirmed. */
export async function replaceForgottenPassword(
  trx: Transaction<Database>,
  { userId, newHash, now }: { userId: string; newHash: string; now: Date },
): Promise<void> {
  await trx
    .updateTable("users")
    .set({ passwordHash: newHash, devicesForgottenAt: now, emailVerifiedAt: coalesceVerified(now), updatedAt: now })
    .where("id", "=", userId)
    .execute();
}

export async function forgetDevices(trx: Transaction<Database>, userId: string, now: Date): Promise<void> {
  await trx.updateTable("users").set({ devicesForgottenAt: now, updatedAt: now }).where("id", "=", userId).execute();
}

function coalesceVerified(now: Date) {
  return sql<Date>`coalesce(email_verified_at, cast(${now} as datetime(3)))`;
}
