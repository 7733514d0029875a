import type { Kysely, Transaction } from "kysely";
import { isDuplicateKey } from "@/db/faults";
import { retryOnDeadlock, writeRow } from "@/db/keyed-mutex";
import type { Database, NewPasskey, Passkey, User } from "@/db/schema";
import { useChallenge, type Ceremony } from "./challenges";
import { changeFactors } from "./factor-changes";
import { factorColumns, type FactorRow } from "./factors";
import { insertMail, type NewMail } from "./outgoing-mails";
import { deleteRecoveryCodes, insertRecoveryCodes, replaceRecoveryCodes, type NewRecoveryCode } from "./recovery-codes";
import type { CallerIds, InsertSessionResult } from "./sessions";
import {
  hasEarlierSession,
  insertAccount,
  isEmailTaken,
  knownSessionId,
  type LoginDevice,
  type NewAccount,
  type UserForLogin,
} from "./users";

/** The oldest first. */
export async function listPasskeys(db: Kysely<Database>, userId: string): Promise<Passkey[]> {
  return db
    .selectFrom("passkeys")
    .selectAll()
    .where("userId", "=", userId)
    .orderBy("createdAt")
    .orderBy("id")
    .execute();
}

/** An open challenge, and the passkey with the presented id: its columns are null if there is none. */
export interface PresentedPasskey {
  challengeId: string;
  /** Null for a login by passkey, which names its account only here. */
  challengeUserId: string | null;
  boundTo: string | null;
  id: string | null;
  userId: string | null;
  publicKey: string | null;
  rpId: string | null;
  signatureCounter: number | null;
}

/** Undefined if the challenge is of another ceremony, was used, or has expired. */
export async function findPresentedPasskey(
  db: Kysely<Database>,
  { ceremony, challenge, credentialId }: { ceremony: Ceremony; challenge: string; credentialId: string },
  now: Date,
): Promise<PresentedPasskey | undefined> {
  return db
    .selectFrom("challenges")
    .leftJoin("passkeys", (join) => join.on("passkeys.credentialId", "=", credentialId))
    .select(["challenges.id as challengeId", "challenges.userId as challengeUserId", "challenges.boundTo"])
    .select(["passkeys.id", "passkeys.userId", "publicKey", "rpId", "signatureCounter"])
    .where("challenges.challenge", "=", challenge)
    .where("challenges.ceremony", "=", ceremony)
    .where("challenges.usedAt", "is", null)
    .where("challenges.expiresAt", ">", now)
    .executeTakeFirst();
}

/** By a locking read, which a proxy sends to the primary: a replica that lags does not have every passkey. */
export async function isCredentialAbsent(db: Kysely<Database>, credentialId: string): Promise<boolean> {
  const query = db.selectFrom("passkeys").select("id").where("credentialId", "=", credentialId).forUpdate();
  return (await retryOnDeadlock(() => query.executeTakeFirst())) === undefined;
}

/** The account of a passkey, as a login reads it. */
export async function findUserOfPasskey(
  db: Kysely<Database>,
  passkeyId: string,
  device: LoginDevice,
): Promise<UserForLogin | undefined> {
  return db
    .selectFrom("users")
    .innerJoin("passkeys", "passkeys.userId", "users.id")
    .selectAll("users")
    .select(factorColumns)
    .select((eb) => [knownSessionId(eb, device), hasEarlierSession(eb)])
    .where("passkeys.id", "=", passkeyId)
    .executeTakeFirst();
}

/** What a verified response changes. */
export interface PasskeyUse {
  passkeyId: string;
  challengeId: string;
  /** The challenge of the login whose second step this is. */
  loginChallengeId: string | null;
  signatureCounter: number;
  backedUp: boolean;
}

/**
 * Uses up the challenge, and that of the login, and updates the passkey, in one statement. True for exactly one of several concurrent
 * calls; false also if the passkey was removed.
 */
export async function usePasskey(
  db: Kysely<Database>,
  { passkeyId, challengeId, loginChallengeId, signatureCounter, backedUp }: PasskeyUse,
  now: Date,
): Promise<boolean> {
  const passkey = { signatureCounter, backedUp, lastUsedAt: now };
  const alone = () =>
    db
      .updateTable(["challenges", "passkeys"])
      .set({ usedAt: now, ...passkey })
      .where("challenges.id", "=", challengeId)
      .where("challenges.usedAt", "is", null)
      .where("challenges.expiresAt", ">", now)
      .where("passkeys.id", "=", passkeyId);
  const withLogin = (loginId: string) =>
    db
      .updateTable(["challenges", "passkeys", "challenges as login"])
      .set("challenges.usedAt", now)
      .set("login.usedAt", now)
      .set(passkey)
      .where("challenges.id", "=", challengeId)
      .where("challenges.usedAt", "is", null)
      .where("challenges.expiresAt", ">", now)
      .where("passkeys.id", "=", passkeyId)
      .where("login.id", "=", loginId)
      .where("login.ceremony", "=", "login")
      .whereRef("login.id", "=", "challenges.boundTo")
      .whereRef("login.userId", "=", "passkeys.userId")
      .where("login.usedAt", "is", null)
      .where("login.expiresAt", ">", now);
  return writeRow(db, loginChallengeId ?? challengeId, async () => {
    const update = loginChallengeId === null ? alone() : withLogin(loginChallengeId);
    // Rows of all tables are counted.
    const { numUpdatedRows } = await update.executeTakeFirstOrThrow();
    return numUpdatedRows > 0n;
  });
}

/** Inserts a passkey and uses up its challenge. `codes`: recovery codes, if it is to be the first factor. *Other factors*: it is not, or should be. */
export async function addPasskey(
  db: Kysely<Database>,
  caller: CallerIds,
  passkey: NewPasskey,
  options: {
    challengeId: string;
    atMost: number;
    codes: readonly NewRecoveryCode[] | null;
    notice: NewMail | null;
    now: Date;
  },
): Promise<"added" | "caller ended" | "challenge used" | "credential taken" | "too many" | "other factors"> {
  const { challengeId, atMost, codes, notice, now } = options;
  const add = async (trx: Transaction<Database>, factors: FactorRow) => {
    if (factors.passkeys >= atMost) return "too many";
    if ((factors.hasTotp === 0 && factors.passkeys === 0) !== (codes !== null)) return "other factors";
    if (!(await useChallenge(trx, challengeId, now))) return "challenge used";
    await trx.insertInto("passkeys").values(passkey).execute();
    if (codes !== null) await replaceRecoveryCodes(trx, caller.userId, codes, now);
    await insertMail(trx, notice);
    return "added";
  };
  try {
    return await changeFactors(db, caller, now, add);
  } catch (error) {
    if (isDuplicateKey(error, "passkeys_credential")) return "credential taken";
    throw error;
  }
}

/**
 * Inserts an account without a password, with its first session, its passkey and its recovery codes, and uses up the challenge: all of
 * it or nothing.
 */
export async function insertUserWithPasskey(
  db: Kysely<Database>,
  account: NewAccount,
  {
    passkey,
    codes,
    challengeId,
    now,
  }: { passkey: NewPasskey; codes: readonly NewRecoveryCode[]; challengeId: string; now: Date },
): Promise<InsertSessionResult | "challenge used" | "credential taken" | "taken"> {
  const insert = async (trx: Transaction<Database>) => {
    // First: of concurrent uses of one challenge, the others wait here instead of inserting the same user.
    if (!(await useChallenge(trx, challengeId, now))) return "challenge used";
    const opened = await insertAccount(trx, account);
    await trx.insertInto("passkeys").values(passkey).execute();
    await insertRecoveryCodes(trx, account.user.id, codes, now);
    return opened;
  };
  try {
    return await writeRow(db, challengeId, () => db.transaction().execute(insert));
  } catch (error) {
    if (isEmailTaken(error)) return "taken";
    if (isDuplicateKey(error, "passkeys_credential")) return "credential taken";
    throw error;
  }
}

/** Of the caller's own passkeys, while their session is live. */
export async function renamePasskey(
  db: Kysely<Database>,
  { userId, sessionId }: CallerIds,
  { id, name, now }: { id: string; name: string; now: Date },
): Promise<boolean> {
  return writeRow(db, id, async () => {
    const { numUpdatedRows } = await db
      .updateTable("passkeys")
      .set({ name })
      .where("id", "=", id)
      .where("userId", "=", userId)
      .where((eb) =>
        eb.exists(
          eb
            .selectFrom("sessions")
            .select("sessions.id")
            .whereRef("sessions.userId", "=", "passkeys.userId")
            .where("sessions.id", "=", sessionId)
            .where("sessions.revokedAt", "is", null)
            .where("sessions.idleExpiresAt", ">", now),
        ),
      )
      .executeTakeFirstOrThrow();
    return numUpdatedRows === 1n;
  });
}

/**
 * Deletes a passkey if `mayRemove` allows it for the account as it is with it; the recovery codes too if no factor is left.
 * The user's row is locked, so that of two concurrent removals the second sees the first.
 */
export async function removePasskey(
  db: Kysely<Database>,
  caller: CallerIds,
  options: {
    id: string;
    mayRemove: (account: User & FactorRow, passkey: Pick<Passkey, "rpId">) => boolean;
    notice: (user: User) => NewMail | null;
    now: Date;
  },
): Promise<"removed" | "caller ended" | "missing" | "kept"> {
  const { id, mayRemove, notice, now } = options;
  return changeFactors(db, caller, now, async (trx, account) => {
    const own = trx.selectFrom("passkeys").select("rpId").where("id", "=", id).where("userId", "=", account.id);
    const passkey = await own.executeTakeFirst();
    if (passkey === undefined) return "missing";
    if (!mayRemove(account, passkey)) return "kept";
    await trx.deleteFrom("passkeys").where("id", "=", id).execute();
    if (account.passkeys === 1 && account.hasTotp === 0) await deleteRecoveryCodes(trx, account.id);
    await insertMail(trx, notice(account));
    return "removed";
  });
}
