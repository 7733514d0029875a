import "server-only";
import type { Kysely } from "kysely";
import { v7 as uuidv7 } from "uuid";
import { isUnavailable } from "@/db/faults";
import type { Database } from "@/db/schema";
import { replaceHeartbeat } from "@/db/tables/heartbeats";
import type { Contact } from "@/db/tables/revocations";
import { env } from "@/server/runtime/env";
import { log } from "@/server/runtime/log";
import {
  MAX_GRACE_WINDOWS,
  MAX_REPLICATION_LAG_SECONDS,
  REVOCATION_POLL_SECONDS,
  secondsBetween,
} from "@/server/auth/policy/lifetimes";

/** What suggests that the database has lost its last commits, by a fail-over or a restore. A false alarm does no harm. */
export type LossSign = "older heartbeat" | "other server" | "clock set back" | "reconnected";

interface LossState {
  heartbeatName: string;
  /** The last heartbeat that was confirmed. */
  heartbeat: Date | null;
  lastContact: Contact | null;
  /** Each server that responded → when it last did. A pool may have connections to several nodes. */
  servers: Map<string, number>;
  /** The last attempt to read failed. */
  isCutOff: boolean;
  /** When this instance last noticed a loss, and the first of the notices that followed each other within a window. */
  noticedAt: number;
  firstNoticedAt: number;
  notices: number;
  /** The first sign that has not been acted on. */
  sign: LossSign | null;
}

// Middleware and routes are separate bundles of one process: both judge refreshes, and only one of them polls.
const LOSS = Symbol.for("portcullis.database-loss");
const shared = globalThis as typeof globalThis & { [LOSS]?: LossState };
const loss: LossState = (shared[LOSS] ??= {
  heartbeatName: `instance ${uuidv7()}`,
  heartbeat: null,
  lastContact: null,
  servers: new Map(),
  isCutOff: false,
  noticedAt: -Infinity,
  firstNoticedAt: -Infinity,
  notices: 0,
  sign: null,
});

/** Called with each successful read of the revocation feed. */
export function recordContact({ server, databaseNow }: Contact): void {
  const sign = judgeContact({ server, databaseNow });
  if (sign !== null) noticeLoss(sign);
  loss.isCutOff = false;
  loss.lastContact = { server, databaseNow };
  loss.servers.set(server, performance.now());
}

/** Called when a read of the revocation feed failed. */
export function recordFailedContact(): void {
  loss.isCutOff = true;
}

function judgeContact({ server, databaseNow }: Contact): LossSign | null {
  const { lastContact, servers } = loss;
  if (lastContact === null) return null;
  const seenAt = servers.get(server) ?? -Infinity;
  const isAlternating = performance.now() - seenAt < MAX_REPLICATION_LAG_SECONDS * 1000;
  if (server !== lastContact.server && !isAlternating) return "other server";
  // The clocks of two nodes differ by less than that.
  if (secondsBetween(databaseNow, lastContact.databaseNow) > REVOCATION_POLL_SECONDS) return "clock set back";
  return loss.isCutOff ? "reconnected" : null;
}

/**
 * Writes this instance's heartbeat. If the one that it replaces is older than the one that this instance wrote before, or missing,
 * the history of the database has gone back. Never throws: a server that is read-only still serves reads.
 */
export async function keepHeartbeat(db: Kysely<Database>): Promise<void> {
  const { heartbeatName, heartbeat, lastContact } = loss;
  if (lastContact === null) return;
  try {
    const replaced = await replaceHeartbeat(db, heartbeatName, lastContact.databaseNow);
    if (heartbeat !== null && (replaced === null || replaced < heartbeat)) noticeLoss("older heartbeat");
    loss.heartbeat = lastContact.databaseNow;
  } catch (error) {
    if (!isUnavailable(error)) log.error({ err: error }, "the heartbeat cannot be written");
  }
}

function noticeLoss(sign: LossSign): void {
  const now = performance.now();
  const windowMilliseconds = env().REFRESH_GRACE_SECONDS * 1000;
  loss.notices += 1;
  loss.sign ??= sign;
  if (now - loss.noticedAt > windowMilliseconds) loss.firstNoticedAt = now;
  // As with reissues: notices without end must not prevent every rotation.
  if (now - loss.firstNoticedAt <= MAX_GRACE_WINDOWS * windowMilliseconds) loss.noticedAt = now;
}

/** For `judgeRotation`: when this instance last noticed a loss, or null if that was more than a window ago. */
export function lossNoticedAt(now: Date): Date | null {
  // Until the database is read again, the next response may be the first after a loss.
  const elapsed = loss.isCutOff ? 0 : performance.now() - loss.noticedAt;
  return elapsed > env().REFRESH_GRACE_SECONDS * 1000 ? null : new Date(now.getTime() - elapsed);
}

/** What was noticed and not acted on yet. */
export function unhandledLoss(): { sign: LossSign; notices: number } | null {
  const { sign, notices } = loss;
  return sign === null ? null : { sign, notices };
}

/** A loss that was noticed meanwhile remains to be handled. */
export function markLossHandled({ notices }: { notices: number }): void {
  if (notices === loss.notices) loss.sign = null;
}
