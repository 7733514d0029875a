import { sql, type Kysely, type Transaction } from "kysely";
import { writeRow } from "@/db/keyed-mutex";
import type { Database, NewSession, SessionRow, User } from "@/db/schema";
import { IS_GALERA_NODE } from "@/db/server-state";
import { lockUserRow } from "./confirmations";

/** Sessions that one statement revokes at most. */
export const REVOCATION_BATCH_SIZE = 1000;

export interface InsertSessionOptions {
  /** As read with the user, before the password was verified. */
  sessionEpoch: number;
  /** The browser's previous session, which is revoked. */
  replacedId?: string | null;
  /** Live sessions the user may have, this one included; the least recently seen beyond that are revoked. */
  liveAtMost?: number;
}

/** What the same statement revoked. */
export interface InsertSessionResult {
  hasRevokedReplaced: boolean;
  /** Beyond `liveAtMost`; `REVOCATION_BATCH_SIZE` means that there may be more. */
  revokedOldest: number;
}

/**
 * Inserts the session unless all sessions were revoked since the user was read, and revokes the ones it replaces: one statement, so
 * that a fault leaves both or neither. Null if the session epoch has changed or the user is disabled. Call it in a transaction only
 * if that has written the user's row.
 */
export async function insertSession(
  db: Kysely<Database>,
  session: NewSession,
  { sessionEpoch, replacedId = null, liveAtMost = Number.MAX_SAFE_INTEGER }: InsertSessionOptions,
): Promise<InsertSessionResult | null> {
  const { id, userId, idleExpiresAt, ...values } = session;
  const columns = Object.keys(values) as (keyof typeof values)[];
  // The new row, and the rows to revoke under their own ids: for those the insert is a duplicate key, and becomes an update.
  // Read without a lock: locks on the index by user would deadlock with a purge, which locks rows first.
  const affected = sql<{ id: string; endedReason: string | null }>`(
    select ${id} as id, null as ended_reason
    union all
    select id, 'replaced by login' from sessions where id = ${replacedId} and revoked_at is null
    union all
    (select id, 'too many sessions' from sessions
      where user_id = ${userId} and revoked_at is null and idle_expires_at > ${session.createdAt}
        and id <> ${replacedId ?? ""}
      order by last_seen_at desc, id desc limit ${REVOCATION_BATCH_SIZE} offset ${liveAtMost - 1})
  )`;
  const insert = async (db: Kysely<Database>) => {
    const { numInsertedOrUpdatedRows: rows = 0n, insertId } = await db
      .insertInto("sessions")
      .columns(["id", "userId", "idleExpiresAt", "revokedAt", "revokedReason", ...columns])
      .expression((eb) =>
        eb
          .selectFrom(["users", affected.as("affected")])
          .select([
            "affected.id",
            "users.id as userId",
            sql`least(${idleExpiresAt}, ${session.absoluteExpiresAt})`.as("idleExpiresAt"),
            sql`if(affected.ended_reason is null, null, utc_timestamp(3))`.as("revokedAt"),
            "affected.endedReason as revokedReason",
            ...columns.map((column) => eb.val(values[column]).as(column)),
          ])
          .where("users.id", "=", userId)
          .where("users.sessionEpoch", "=", sessionEpoch)
          .where("users.disabledAt", "is", null)
          // On Galera the lock holds on one node only: a login through another node could outlive a sign-out everywhere.
          .$if(!db.isTransaction, (select) => select.where(IS_GALERA_NODE, "=", 0))
          // Serializes logins of one user: two concurrent ones would both stay within the limit.
          .forUpdate(),
      )
      .onDuplicateKeyUpdate({
        // MySQL assigns from left to right: the reason must read revoked_at before it is set. last_insert_id(n), otherwise unused
        // here, reports whether the replaced session was live; a constant argument would be evaluated even if the branch is not taken.
        revokedReason: sql<string>`if(sessions.revoked_at is not null, sessions.revoked_reason,
          if(sessions.id = ${replacedId} and last_insert_id(char_length(sessions.id)), 'replaced by login', values(revoked_reason)))`,
        revokedAt: sql<Date>`coalesce(sessions.revoked_at, values(revoked_at))`,
      })
      .executeTakeFirstOrThrow();
    if (rows === 0n) return null;
    const hasRevokedReplaced = insertId !== undefined;
    // ON DUPLICATE KEY UPDATE counts an updated row twice.
    return { hasRevokedReplaced, revokedOldest: Math.floor(Number(rows - 1n) / 2) - Number(hasRevokedReplaced) };
  };
  if (db.isTransaction) return insert(db);
  const insertLocked = (trx: Transaction<Database>) => lockUserRow(trx, userId).then(() => insert(trx));
  return writeRow(db, userId, async () => (await insert(db)) ?? db.transaction().execute(insertLocked));
}

/** The caller's user and session. Statements that change or list credentials and sessions check that this session is live. */
export interface CallerIds {
  userId: string;
  sessionId: string;
}

export type SessionWithUser = SessionRow &
  Pick<User, "email" | "fullName" | "role" | "emailVerifiedAt" | "sessionEpoch"> & {
    userDisabledAt: Date | null;
    userDeletesAt: Date | null;
  };

export async function findSessionWithUser(db: Kysely<Database>, id: string): Promise<SessionWithUser | undefined> {
  return db
    .selectFrom("sessions")
    .innerJoin("users", "users.id", "sessions.userId")
    .selectAll("sessions")
    .select(["users.email", "users.fullName", "users.role", "users.emailVerifiedAt", "users.sessionEpoch"])
    .select(["users.disabledAt as userDisabledAt", "users.deletesAt as userDeletesAt"])
    .where("sessions.id", "=", id)
    .executeTakeFirst();
}

/** True if the user had sessions, and all of them ended because their tokens were not delivered. */
export async function wasNeverSignedIn(db: Kysely<Database>, email: string): Promise<boolean> {
  const { ended, others } = await db
    .selectFrom("sessions")
    .innerJoin("users", "users.id", "sessions.userId")
    .select([
      sql<number>`coalesce(sum(revoked_reason <=> 'never delivered'), 0)`.as("ended"),
      sql<number>`coalesce(sum(not (revoked_reason <=> 'never delivered')), 0)`.as("others"),
    ])
    .where("users.email", "=", email)
    .executeTakeFirstOrThrow();
  return Number(ended) > 0 && Number(others) === 0;
}

/** The user of a session, live or not. */
export async function findSessionOwner(db: Kysely<Database>, id: string): Promise<string | undefined> {
  const session = await db.selectFrom("sessions").select("userId").where("id", "=", id).executeTakeFirst();
  return session?.userId;
}

/** Whether the session is neither revoked nor expired; the user's state is not checked. */
export async function isSessionLive(db: Kysely<Database>, id: string, now: Date): Promise<boolean> {
  const session = await db
    .selectFrom("sessions")
    .select("id")
    .where("id", "=", id)
    .where("revokedAt", "is", null)
    .where("idleExpiresAt", ">", now)
    .executeTakeFirst();
  return session !== undefined;
}

/** What each new refresh token updates in the session. */
export interface RotationUpdate {
  now: Date;
  idleExpiresAt: Date;
  ip: string;
  userAgent: string;
  browser: string;
  os: string;
  deviceType: string;
}

/**
 * Replaces `fromNonce` by `toNonce`. False if a concurrent request changed the session first: read it again and decide again.
 * `handedAt` is compared too: a token issued since the decision may still be in transit.
 */
export async function rotateSession(
  db: Kysely<Database>,
  {
    id,
    fromNonce,
    toNonce,
    handedAt,
    ...update
  }: RotationUpdate & { id: string; fromNonce: string; toNonce: string; handedAt: Date },
): Promise<boolean> {
  return writeRow(db, id, async () => {
    const { numUpdatedRows } = await updateLiveSession(db, id, update.now)
      // MySQL assigns from left to right: the old nonce must be copied before it is replaced.
      .set((eb) => ({ previousNonce: eb.ref("currentNonce"), currentNonce: toNonce, ...rotationColumns(update) }))
      .where("currentNonce", "=", fromNonce)
      .where("handedAt", "=", handedAt)
      .executeTakeFirstOrThrow();
    return numUpdatedRows === 1n;
  });
}

/** For a lost response: replaces the refresh token that was not received, which becomes invalid. False as in `rotateSession`. */
export async function replaceLostToken(
  db: Kysely<Database>,
  {
    id,
    currentNonce,
    previousNonce,
    toNonce,
    handedAt,
    ...update
  }: RotationUpdate & {
    id: string;
    currentNonce: string;
    previousNonce: string | null;
    toNonce: string;
    handedAt: Date;
  },
): Promise<boolean> {
  return writeRow(db, id, async () => {
    const { numUpdatedRows } = await updateLiveSession(db, id, update.now)
      .set((eb) => ({
        currentNonce: toNonce,
        recoveredAt: update.now,
        recoveries: eb("recoveries", "+", 1),
        ...rotationColumns(update),
      }))
      .where("currentNonce", "=", currentNonce)
      .where("previousNonce", "=", previousNonce)
      .where("handedAt", "=", handedAt)
      .executeTakeFirstOrThrow();
    return numUpdatedRows === 1n;
  });
}

/** The state of a row that a refresh token proves, and the client that presented it. */
export type ProvenState = Omit<RotationUpdate, "now"> &
  Pick<SessionRow, "generation" | "currentNonce" | "previousNonce" | "rotatedAt" | "handedAt" | "lastSeenAt">;

/**
 * Restores a state that the database has lost. False as in `rotateSession`, and for a row that has reached that generation. The idle
 * limit of the row is not a condition: the lost rotation has extended it.
 */
export async function moveSessionForward(
  db: Kysely<Database>,
  {
    id,
    judged,
    proven,
    now,
  }: { id: string; judged: Pick<SessionRow, "currentNonce" | "handedAt">; proven: ProvenState; now: Date },
): Promise<boolean> {
  return writeRow(db, id, async () => {
    const { numUpdatedRows } = await updateUnendedSession(db, id)
      .set({
        ...proven,
        idleExpiresAt: sql<Date>`least(greatest(idle_expires_at, cast(${proven.idleExpiresAt} as datetime(3))), absolute_expires_at)`,
      })
      .where("absoluteExpiresAt", ">", now)
      .where("generation", "<", proven.generation)
      .where("currentNonce", "=", judged.currentNonce)
      .where("handedAt", "=", judged.handedAt)
      .executeTakeFirstOrThrow();
    return numUpdatedRows === 1n;
  });
}

/** Records that the current refresh token was reissued. False if it is no longer the current one. */
export async function extendReissueWindow(
  db: Kysely<Database>,
  {
    id,
    currentNonce,
    previousNonce,
    now,
  }: { id: string; currentNonce: string; previousNonce: string | null; now: Date },
): Promise<boolean> {
  return writeRow(db, id, async () => {
    const { numUpdatedRows } = await updateLiveSession(db, id, now)
      .set({ handedAt: sql<Date>`greatest(handed_at, cast(${now} as datetime(3)))` })
      .where("currentNonce", "=", currentNonce)
      .where("previousNonce", "=", previousNonce)
      .executeTakeFirstOrThrow();
    return numUpdatedRows === 1n;
  });
}

/** Records that the user of a live session has authenticated again. False, and nothing changed, if the session is not live. */
export async function recordAuthentication(
  db: Kysely<Database>,
  { userId, sessionId }: CallerIds,
  authenticationMethods: string,
  now: Date,
): Promise<boolean> {
  return writeRow(db, sessionId, async () => {
    const { numUpdatedRows } = await updateLiveSession(db, sessionId, now)
      // Another instance, whose clock is ahead, may have recorded a later time.
      .set({
        authenticationMethods,
        authenticatedAt: sql<Date>`greatest(coalesce(authenticated_at, created_at), cast(${now} as datetime(3)))`,
      })
      .where("userId", "=", userId)
      .executeTakeFirstOrThrow();
    return numUpdatedRows === 1n;
  });
}

/** Changes how the user of a session authenticated, not when. Call it with the user's row locked. */
export async function changeAuthenticationMethods(
  trx: Transaction<Database>,
  sessionId: string,
  change: (values: string | null) => string,
): Promise<void> {
  const sessions = trx.selectFrom("sessions").select("authenticationMethods").where("id", "=", sessionId);
  const { authenticationMethods } = await sessions.forUpdate().executeTakeFirstOrThrow();
  await trx
    .updateTable("sessions")
    .set({ authenticationMethods: change(authenticationMethods) })
    .where("id", "=", sessionId)
    .execute();
}

export type LiveSession = Pick<
  SessionRow,
  "id" | "ip" | "browser" | "os" | "deviceType" | "createdAt" | "lastSeenAt" | "idleExpiresAt" | "recoveredAt"
>;

/** Most recently seen first, `atMost` of them, always including the caller's own. Null if that one is not live. */
export async function listLiveSessions(
  db: Kysely<Database>,
  { userId, sessionId }: CallerIds,
  { now, atMost }: { now: Date; atMost: number },
): Promise<LiveSession[] | null> {
  const sessions = await db
    .selectFrom("sessions")
    .select(["id", "ip", "browser", "os", "deviceType", "createdAt", "lastSeenAt", "idleExpiresAt", "recoveredAt"])
    .where("userId", "=", userId)
    .where("revokedAt", "is", null)
    .where("idleExpiresAt", ">", now)
    .orderBy(sql`id = ${sessionId}`, "desc")
    .orderBy("lastSeenAt", "desc")
    .orderBy("id", "desc")
    .limit(atMost)
    .execute();
  if (sessions[0]?.id !== sessionId) return null;
  return sessions.sort((one, other) => other.lastSeenAt.getTime() - one.lastSeenAt.getTime());
}

function updateLiveSession(db: Kysely<Database>, id: string, now: Date) {
  return updateUnendedSession(db, id).where("idleExpiresAt", ">", now);
}

/**
 * In a small table MariaDB would find the row by `sessions_revoked_at`, and lock that index before the row: the reverse order of a
 * revocation, and a deadlock.
 */
const SESSIONS_BY_ID = sql<Database["sessions"]>`sessions`.as<"sessions">(sql`sessions force index (primary)`);

/** The conditions are evaluated when the row is locked, so an earlier committed revocation always wins. The user's row is only read. */
function updateUnendedSession(db: Kysely<Database>, id: string) {
  return db
    .updateTable(SESSIONS_BY_ID)
    .where("id", "=", id)
    .where("revokedAt", "is", null)
    .where((eb) =>
      eb.exists(
        eb
          .selectFrom("users")
          .select("users.id")
          .whereRef("users.id", "=", "sessions.userId")
          .where("users.disabledAt", "is", null),
      ),
    );
}

function rotationColumns({ now, idleExpiresAt, ip, userAgent, browser, os, deviceType }: RotationUpdate) {
  return {
    generation: sql<number>`generation + 1`,
    rotatedAt: now,
    handedAt: now,
    lastSeenAt: now,
    idleExpiresAt: sql<Date>`least(cast(${idleExpiresAt} as datetime(3)), absolute_expires_at)`,
    ip,
    userAgent,
    browser,
    os,
    deviceType,
  };
}
