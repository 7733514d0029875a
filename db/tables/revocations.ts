import { sql, type Kysely, type Transaction } from "kysely";
import { writeRow } from "@/db/keyed-mutex";
import type { Database, NewSession, SessionRow, User } from "@/db/schema";
import { lockUserRow, supersede } from "./confirmations";
import { insertMail, insertNotice, type NewMail } from "./outgoing-mails";
import { REVOCATION_BATCH_SIZE, findSessionOwner, insertSession, type CallerIds } from "./sessions";
import { findUserOfLiveSession } from "./users";

/** *Unknown*: no such session; or, given `userId`, not one of that user; or, given `judged`, a row that has changed since. */
export type RevocationResult = "ended" | "ended before" | "unknown";

/** The columns that change with every write to a live session. */
type JudgedRow = Pick<SessionRow, "currentNonce" | "handedAt">;

/** Revokes one session. A later revocation replaces neither time nor reason of the first. */
export async function revokeSession(db: Kysely<Database>, revocation: SessionRevocation): Promise<RevocationResult> {
  return writeRow(db, revocation.id, () => revoke(db, revocation));
}

interface SessionRevocation {
  id: string;
  userId?: string;
  reason: string;
  judged?: JudgedRow;
}

/** The same, and queues a notice of it in the same transaction, see `insertNotice`. */
export async function revokeSessionWithNotice(
  db: Kysely<Database>,
  revocation: SessionRevocation & { userId: string },
  notice: NewMail | null,
  noticeSince: Date,
): Promise<RevocationResult> {
  if (notice === null) return revokeSession(db, revocation);
  return writeRow(db, revocation.id, () =>
    db.transaction().execute(async (trx) => {
      // The notice refers to the user, whose row is locked before those of sessions everywhere.
      await lockUserRow(trx, revocation.userId);
      const result = await revoke(trx, revocation);
      if (result === "ended") await insertNotice(trx, notice, noticeSince);
      return result;
    }),
  );
}

async function revoke(
  db: Kysely<Database>,
  { id, userId, reason, judged }: SessionRevocation,
): Promise<RevocationResult> {
  const { numUpdatedRows, numChangedRows } = await db
    .updateTable("sessions")
    .set({
      // MySQL assigns from left to right: the reason must read revoked_at before it is set.
      revokedReason: sql<string>`if(revoked_at is null, ${reason}, revoked_reason)`,
      revokedAt: sql<Date>`coalesce(revoked_at, utc_timestamp(3))`,
    })
    .where("id", "=", id)
    .$if(userId !== undefined, (update) => update.where("userId", "=", userId!))
    .$if(judged !== undefined, (update) =>
      update.where("currentNonce", "=", judged!.currentNonce).where("handedAt", "=", judged!.handedAt),
    )
    .executeTakeFirstOrThrow();
  if (numUpdatedRows === 0n) return "unknown";
  return numChangedRows === 0n ? "ended before" : "ended";
}

/**
 * Revokes one of the caller's own sessions, if the caller's session is live in the same statement. *Caller ended*: it is not, and
 * nothing was done.
 */
export async function revokeOwnSession(
  db: Kysely<Database>,
  { userId, sessionId }: CallerIds,
  { id, reason, now }: { id: string; reason: string; now: Date },
): Promise<RevocationResult | "caller ended"> {
  return writeRow(db, id, async () => {
    const { numAffectedRows } = await sql`
      update sessions as target
      join sessions as own on own.id = ${sessionId} and own.user_id = target.user_id
        and own.revoked_at is null and own.idle_expires_at > ${now}
      join users on users.id = own.user_id and users.disabled_at is null
      set target.revoked_at = utc_timestamp(3), target.revoked_reason = ${reason}
      where target.id = ${id} and target.user_id = ${userId} and target.revoked_at is null`.execute(db);
    if (numAffectedRows === 1n) return "ended";
    if ((await findUserOfLiveSession(db, { userId, sessionId }, now)) === undefined) return "caller ended";
    return (await findSessionOwner(db, id)) === userId ? "ended before" : "unknown";
  });
}

/** How many of the sessions were live, and the session epoch since. */
export interface EndedSessions {
  revoked: number;
  sessionEpoch: number;
}

/**
 * Revokes all of the caller's sessions but this one, and invalidates logins in progress; counts those that were live at `now`. Null,
 * and nothing done, if the caller's session is not live.
 */
export async function revokeOtherSessions(
  db: Kysely<Database>,
  caller: CallerIds,
  reason: string,
  now: Date,
): Promise<EndedSessions | null> {
  return revokeSessions(db, { ...caller, keepId: caller.sessionId, reason, now });
}

/**
 * The same including the caller's session. Without `sessionId` no caller is checked. With `openedBy` only sessions opened until
 * then: a logout that is applied late must not end sessions opened since it was requested.
 */
export async function revokeAllSessions(
  db: Kysely<Database>,
  user: { userId: string; sessionId?: string; openedBy?: Date },
  reason: string,
  now: Date,
): Promise<EndedSessions | null> {
  return revokeSessions(db, { ...user, reason, now });
}

async function revokeSessions(
  db: Kysely<Database>,
  {
    userId,
    sessionId,
    keepId,
    openedBy,
    reason,
    now,
  }: { userId: string; sessionId?: string; keepId?: string; openedBy?: Date; reason: string; now: Date },
): Promise<EndedSessions | null> {
  return writeRow(db, userId, () =>
    db.transaction().execute(async (trx) => {
      const locked = await lockUser(trx, userId, now, openedBy);
      if (sessionId !== undefined && !isLiveSession(locked, sessionId)) return null;
      const sessionEpoch = await incrementEpoch(trx, userId, locked);
      const ended = locked.openSessions.filter(({ id }) => id !== keepId);
      return { revoked: await revokeByIds(trx, ended, reason), sessionEpoch };
    }),
  );
}

/** Revokes all sessions of a user as part of a transaction that has locked the user's row; counts those that were live at `now`. */
export async function revokeAllWithin(
  trx: Transaction<Database>,
  userId: string,
  reason: string,
  now: Date,
): Promise<EndedSessions> {
  const locked = await lockUser(trx, userId, now);
  const sessionEpoch = await incrementEpoch(trx, userId, locked);
  return { revoked: await revokeByIds(trx, locked.openSessions, reason), sessionEpoch };
}

/** Invalidates logins in progress. */
async function incrementEpoch(trx: Transaction<Database>, userId: string, { user }: LockedUser): Promise<number> {
  const sessionEpoch = (user?.sessionEpoch ?? 0) + 1;
  await trx.updateTable("users").set({ sessionEpoch }).where("id", "=", userId).execute();
  return sessionEpoch;
}

/**
 * Replaces the password, revokes all sessions, inserts `session` in place of the caller's, ends the open links of the `superseded`
 * purposes and queues `mail`, in one transaction. *Wrong password*: the stored hash is no longer `oldHash`.
 */
export async function changePassword(
  db: Kysely<Database>,
  {
    userId,
    sessionId,
    oldHash,
    newHash,
    session,
    mail = null,
    superseded,
    now,
  }: CallerIds & {
    oldHash: string;
    newHash: string;
    session: NewSession;
    mail?: NewMail | null;
    superseded: readonly string[];
    now: Date;
  },
): Promise<"changed" | "wrong password" | "caller ended"> {
  return writeRow(db, userId, () =>
    db.transaction().execute(async (trx) => {
      const locked = await lockUser(trx, userId, now);
      const { user } = locked;
      if (user === undefined || !isLiveSession(locked, sessionId)) return "caller ended";
      if (user.passwordHash !== oldHash) return "wrong password";
      const sessionEpoch = user.sessionEpoch + 1;
      await trx
        .updateTable("users")
        .set({ passwordHash: newHash, sessionEpoch, updatedAt: now })
        .where("id", "=", userId)
        .execute();
      await revokeByIds(trx, locked.openSessions, "password changed");
      await insertSession(trx, session, { sessionEpoch });
      await supersede(trx, { userId, email: user.email, purposes: superseded, now });
      await insertMail(trx, mail);
      return "changed";
    }),
  );
}

export interface LockedUser {
  user: Pick<User, "email" | "passwordHash" | "sessionEpoch" | "disabledAt" | "updatedAt"> | undefined;
  openSessions: { id: string; isListed: number }[];
}

/**
 * Locks the user's row, so that no session can be inserted meanwhile, and then reads the sessions that are not revoked. Their ids
 * are read without a lock (see `revokeByIds`), by a second statement: it sees what was committed during the wait for the lock.
 */
export async function lockUser(
  trx: Transaction<Database>,
  userId: string,
  now: Date,
  openedBy?: Date,
): Promise<LockedUser> {
  const user = await trx
    .selectFrom("users")
    .select(["email", "passwordHash", "sessionEpoch", "disabledAt", "updatedAt"])
    .where("id", "=", userId)
    .forUpdate()
    .executeTakeFirst();
  const openSessions = await trx
    .selectFrom("sessions")
    .select(["id", sql<number>`idle_expires_at > ${now}`.as("isListed")])
    .where("userId", "=", userId)
    .where("revokedAt", "is", null)
    .$if(openedBy !== undefined, (select) => select.where("createdAt", "<=", openedBy!))
    .execute();
  return { user, openSessions };
}

function isLiveSession({ user, openSessions }: LockedUser, sessionId: string): boolean {
  return user?.disabledAt === null && openSessions.some(({ id, isListed }) => id === sessionId && isListed === 1);
}

/**
 * Locks the rows by primary key: a scan of the index by user would lock index entries first and deadlock with a purge, which locks
 * rows first.
 */
export async function revokeByIds(
  trx: Kysely<Database>,
  open: LockedUser["openSessions"],
  reason: string,
): Promise<number> {
  const idsOf = (these: LockedUser["openSessions"]) => these.map(({ id }) => id);
  // Expired sessions are not listed, so they are revoked but not counted.
  await revokeInBatches(trx, idsOf(open.filter(({ isListed }) => isListed !== 1)), reason);
  // Counted by updated rows: a concurrent login may have revoked some of them.
  return revokeInBatches(trx, idsOf(open.filter(({ isListed }) => isListed === 1)), reason);
}

export async function revokeInBatches(db: Kysely<Database>, ids: string[], reason: string): Promise<number> {
  const sorted = [...ids].sort();
  let ended = 0;
  for (let start = 0; start < sorted.length; start += REVOCATION_BATCH_SIZE) {
    const { numUpdatedRows } = await db
      .updateTable("sessions")
      .set({ revokedAt: sql<Date>`utc_timestamp(3)`, revokedReason: reason })
      .where("id", "in", sorted.slice(start, start + REVOCATION_BATCH_SIZE))
      .where("revokedAt", "is", null)
      .executeTakeFirstOrThrow();
    ended += Number(numUpdatedRows);
  }
  return ended;
}

/** Revokes all live sessions of a user but the `liveAtMost` most recently seen, in batches; returns their number. */
export async function revokeOldestSessions(
  db: Kysely<Database>,
  userId: string,
  { liveAtMost, now }: { liveAtMost: number; now: Date },
): Promise<number> {
  const oldest = await db
    .selectFrom("sessions")
    .select(["id", sql<number>`1`.as("isListed")])
    .where("userId", "=", userId)
    .where("revokedAt", "is", null)
    .where("idleExpiresAt", ">", now)
    .orderBy("lastSeenAt", "desc")
    .orderBy("id", "desc")
    .limit(REVOCATION_BATCH_SIZE)
    .offset(liveAtMost)
    .execute();
  const ended = await writeRow(db, userId, () => revokeByIds(db, oldest, "too many sessions"));
  if (oldest.length < REVOCATION_BATCH_SIZE) return ended;
  return ended + (await revokeOldestSessions(db, userId, { liveAtMost, now }));
}

/** Which server responded, and its time. */
export interface Contact {
  /** Of whatever distinguishes servers of both kinds; MySQL has a UUID besides. */
  server: string;
  databaseNow: Date;
}

/** The sessions found, and the contact in which they were read. */
export type Revocations = { id: string }[] & Contact;

/**
 * Sessions revoked in the last `seconds`, or since `after` if that is longer ago, by the database's clock. One statement,
 * with a row for the contact.
 */
export async function findRevokedSince(
  db: Kysely<Database>,
  seconds: number,
  after: Date | null = null,
): Promise<Revocations> {
  const since = sql`utc_timestamp(3) - interval ${seconds} second`;
  const from = after === null ? since : sql`least(${since}, cast(${after} as datetime(3)))`;
  const { rows } = await sql<Contact & { id: string }>`
    select utc_timestamp(3) as database_now,
      concat_ws(' ', @@hostname, @@port, @@datadir, @@server_id /*!80000 , @@server_uuid */) as server, null as id
    union all
    select null, null, id from sessions where revoked_at >= ${from}`.execute(db);
  const { server, databaseNow } = rows.find(({ id }) => id === null)!;
  return Object.assign(
    rows.filter(({ id }) => id !== null),
    { server, databaseNow },
  );
}
