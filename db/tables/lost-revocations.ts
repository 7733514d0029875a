import type { Kysely } from "kysely";
import { retryOnDeadlock, writeRow } from "@/db/keyed-mutex";
import type { Database, SessionRow, User } from "@/db/schema";
import { lockUser, revokeByIds, revokeInBatches } from "./revocations";
import { REVOCATION_BATCH_SIZE } from "./sessions";

/**
 * Revokes sessions whose revocation the database may have lost: their ids with the reasons. Returns how many it had lost, and the ids
 * without a row. At the present time, so that every instance learns of it. Reads first, without locks: usually none is lost.
 */
export async function revokeAgain(
  db: Kysely<Database>,
  reasons: readonly (readonly [id: string, reason: string])[],
): Promise<{ revoked: number; missing: string[] }> {
  const result = { revoked: 0, missing: [] as string[] };
  for (let start = 0; start < reasons.length; start += REVOCATION_BATCH_SIZE) {
    const batch = reasons.slice(start, start + REVOCATION_BATCH_SIZE);
    const ids = batch.map(([id]) => id);
    const rows = await db.selectFrom("sessions").select(["id", "revokedAt"]).where("id", "in", ids).execute();
    const revokedAt = new Map(rows.map((row) => [row.id, row.revokedAt]));
    result.missing.push(...ids.filter((id) => !revokedAt.has(id)));
    const live = batch.filter(([id]) => revokedAt.get(id) === null);
    for (const reason of new Set(live.map(([, reason]) => reason))) {
      const these = live.flatMap(([id, its]) => (its === reason ? [id] : []));
      result.revoked += await retryOnDeadlock(() => revokeInBatches(db, these, reason));
    }
  }
  return result;
}

/** What an instance knows of an act that ended all sessions of a user. */
export interface KnownEnding {
  userId: string;
  reason: string;
  /** Since then, or later: a row with an earlier one does not have this act. */
  sessionEpoch: number;
  /** Sessions opened until then had ended, but `keptId`. */
  openedBy: Date;
  keptId?: string;
  password?: { oldHash: string; newHash: string; changedAt: Date };
  disabledAt?: Date;
}

/** Whether the database has lost this act: the user's row is older. */
export function isLostFrom(
  user: Pick<User, "sessionEpoch"> & Partial<Pick<User, "passwordHash">>,
  { sessionEpoch, password }: KnownEnding,
): boolean {
  return user.sessionEpoch < sessionEpoch || (password !== undefined && user.passwordHash === password.oldHash);
}

/** Repeats those of these acts, the older ones first, that the database has lost; returns their number. */
export async function endSessionsAgain(db: Kysely<Database>, endings: readonly KnownEnding[]): Promise<number> {
  let repeated = 0;
  for (let start = 0; start < endings.length; start += REVOCATION_BATCH_SIZE) {
    const batch = endings.slice(start, start + REVOCATION_BATCH_SIZE);
    const ids = [...new Set(batch.map(({ userId }) => userId))];
    const rows = await db
      .selectFrom("users")
      .select(["id", "passwordHash", "sessionEpoch"])
      .where("id", "in", ids)
      .execute();
    const users = new Map(rows.map((user) => [user.id, user]));
    for (const ending of batch) {
      const user = users.get(ending.userId);
      if (user !== undefined && isLostFrom(user, ending) && (await repeatEnding(db, ending))) repeated++;
    }
  }
  return repeated;
}

async function repeatEnding(db: Kysely<Database>, ending: KnownEnding): Promise<boolean> {
  const { userId, reason, sessionEpoch, openedBy, keptId, password, disabledAt } = ending;
  return writeRow(db, userId, () =>
    db.transaction().execute(async (trx) => {
      const { user, openSessions } = await lockUser(trx, userId, openedBy, openedBy);
      if (user === undefined || !isLostFrom(user, ending)) return false;
      // A password that was set since the loss stays.
      const isOlder =
        password !== undefined && (user.passwordHash === password.oldHash || user.updatedAt < password.changedAt);
      await trx
        .updateTable("users")
        .set({
          sessionEpoch: Math.max(user.sessionEpoch, sessionEpoch),
          ...(isOlder ? { passwordHash: password.newHash, updatedAt: password.changedAt } : {}),
          ...(disabledAt === undefined ? {} : { disabledAt: user.disabledAt ?? disabledAt }),
        })
        .where("id", "=", userId)
        .execute();
      await revokeByIds(
        trx,
        openSessions.filter(({ id }) => id !== keptId),
        reason,
      );
      return true;
    }),
  );
}

/** The sessions of these users, at most `REVOCATION_BATCH_SIZE` users, that are not revoked. */
export async function findOpenSessions(
  db: Kysely<Database>,
  userIds: readonly string[],
): Promise<Pick<SessionRow, "id" | "userId" | "createdAt">[]> {
  return db
    .selectFrom("sessions")
    .select(["id", "userId", "createdAt"])
    .where("userId", "in", userIds)
    .where("revokedAt", "is", null)
    .execute();
}

/**
 * Looks at the next sessions by id and revokes those that were opened before `openedBefore`. `lastId` continues the walk; it is null at
 * its end.
 */
export async function revokeOpenedBefore(
  db: Kysely<Database>,
  { openedBefore, afterId, reason }: { openedBefore: Date; afterId: string; reason: string },
): Promise<{ revoked: number; lastId: string | null }> {
  const page = await db
    .selectFrom("sessions")
    .select(["id", "createdAt", "revokedAt"])
    .where("id", ">", afterId)
    .orderBy("id")
    .limit(REVOCATION_BATCH_SIZE)
    .execute();
  const ids = page.flatMap(({ id, createdAt, revokedAt }) =>
    revokedAt === null && createdAt < openedBefore ? [id] : [],
  );
  const revoked = await retryOnDeadlock(() => revokeInBatches(db, ids, reason));
  return { revoked, lastId: page.length < REVOCATION_BATCH_SIZE ? null : page.at(-1)!.id };
}
