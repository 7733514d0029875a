import { setTimeout as pause } from "node:timers/promises";
import type { Kysely } from "kysely";
import type { Database } from "@/db/schema";
import { findOpenSessions, revokeAgain, revokeOpenedBefore } from "@/db/tables/lost-revocations";
import { REVOCATION_BATCH_SIZE } from "@/db/tables/sessions";
import type { EndReason } from "@/server/auth/sessions/end-session";
import type { LoggedEnding, LoggedRevocations } from "./logged-revocations";

/** After a full batch of revocations: each instance reads all those of the last 76 s once a second. */
const PAUSE_MILLISECONDS = 1000;

export interface Replayed {
  /** Sessions that the log names, or that a logged act of their user had ended. */
  found: number;
  written: number;
  /** Already revoked. */
  unchanged: number;
  /** Without a row: opened after the backup, or deleted since. */
  unknown: number;
}

/** Writes the revocations of a log again. Doing that twice changes nothing. */
export async function replay(
  db: Kysely<Database>,
  { sessions, endings }: LoggedRevocations,
  onProgress: (detail: string) => void,
  pauseMilliseconds = PAUSE_MILLISECONDS,
): Promise<Replayed> {
  const reasons = new Map(sessions);
  const users = new Map<string, LoggedEnding[]>();
  for (const ending of endings) users.set(ending.userId, [...(users.get(ending.userId) ?? []), ending]);
  let examined = 0;
  for (const userIds of batchesOf([...users.keys()])) {
    for (const [id, reason] of await findEnded(db, userIds, users)) reasons.set(id, reason);
    onProgress(`${(examined += userIds.length)} of ${users.size} users read`);
  }

  const result: Replayed = { found: reasons.size, written: 0, unchanged: 0, unknown: 0 };
  for (const batch of batchesOf([...reasons])) {
    const { revoked, missing } = await revokeAgain(db, batch);
    result.written += revoked;
    result.unknown += missing.length;
    result.unchanged += batch.length - revoked - missing.length;
    onProgress(`${result.written + result.unchanged + result.unknown} of ${result.found} sessions`);
    if (revoked === REVOCATION_BATCH_SIZE) await pause(pauseMilliseconds);
  }
  return result;
}

/** Sessions of these users that live although an act of their user had ended them. */
async function findEnded(
  db: Kysely<Database>,
  userIds: string[],
  endings: Map<string, LoggedEnding[]>,
): Promise<[id: string, reason: string][]> {
  const open = await findOpenSessions(db, userIds);
  return open.flatMap(({ id, userId, createdAt }) => {
    const its = endings.get(userId)!.find(({ openedBy, keptId }) => createdAt <= openedBy && id !== keptId);
    return its === undefined ? [] : [[id, its.reason] as [string, string]];
  });
}

/** Ends every session that was opened before; returns their number. */
export async function endOpenedBefore(
  db: Kysely<Database>,
  openedBefore: Date,
  onProgress: (detail: string) => void,
  pauseMilliseconds = PAUSE_MILLISECONDS,
): Promise<number> {
  const reason: EndReason = "ended by operator";
  let ended = 0;
  for (let afterId: string | null = ""; afterId !== null;) {
    const { revoked, lastId } = await revokeOpenedBefore(db, { openedBefore, afterId, reason });
    ended += revoked;
    onProgress(`${ended} sessions ended`);
    if (revoked === REVOCATION_BATCH_SIZE) await pause(pauseMilliseconds);
    afterId = lastId;
  }
  return ended;
}

function batchesOf<T>(all: T[]): T[][] {
  return Array.from({ length: Math.ceil(all.length / REVOCATION_BATCH_SIZE) }, (_, index) =>
    all.slice(index * REVOCATION_BATCH_SIZE, (index + 1) * REVOCATION_BATCH_SIZE),
  );
}
