import "server-only";
import type { Kysely } from "kysely";
import { isUnavailable } from "@/db/faults";
import type { Database } from "@/db/schema";
import { onDatabaseClose } from "@/server/runtime/database";
import { log } from "@/server/runtime/log";
import { securityEvent } from "@/server/runtime/security-events";
import type { Revocations } from "@/server/auth/tokens/end-token";
import { markRevoked } from "./revocation-feed";

/** A revocation that could not be written to the database. */
interface Pending {
  db: Kysely<Database>;
  /** One session, or all of a user. */
  revocations: Revocations;
  end: (revocations: Revocations) => Promise<void>;
}

interface Outbox {
  pending: Map<string, Pending>;
  timer: NodeJS.Timeout | null;
  failures: number;
  /** Pools that wait for one last attempt before they close. */
  registered: WeakSet<Kysely<Database>>;
}

const MAX_PENDING = 10_000;
const MIN_RETRY_MILLISECONDS = 250;
const MAX_RETRY_MILLISECONDS = 5_000;

// Middleware and routes are separate bundles of one process: each must refuse what the other has queued.
const OUTBOX = Symbol.for("portcullis.pending-revocations");
const shared = globalThis as typeof globalThis & { [OUTBOX]?: Outbox };
const outbox: Outbox = (shared[OUTBOX] ??= { pending: new Map(), timer: null, failures: 0, registered: new WeakSet() });

/**
 * Queues a logout while the database is unavailable: this instance refuses its sessions from now on, and retries until it is
 * written. If the process is killed first, the logout is lost; the ids in the log and the browser's end token remain.
 */
export function queueRevocation(db: Kysely<Database>, revocations: Revocations, end: Pending["end"]): void {
  const { sessionIds, reason, all } = revocations;
  for (const sessionId of sessionIds) {
    markRevoked(sessionId);
    enqueue(`session ${sessionId}`, { db, revocations: { sessionIds: [sessionId], reason }, end });
  }
  if (all !== undefined) enqueue(`all ${all.userId}`, { db, revocations: { sessionIds: [], reason, all }, end });
  securityEvent("logout-pending", { sessionIds, userId: all?.userId, reason });
  if (!outbox.registered.has(db)) {
    outbox.registered.add(db);
    onDatabaseClose(db, () => retryOnClose(db));
  }
  schedule();
}

/** Whether a logout of this session is queued. */
export function isRevocationPending(session: { id: string; userId: string; createdAt: Date }): boolean {
  if (outbox.pending.size === 0) return false;
  if (outbox.pending.has(`session ${session.id}`)) return true;
  const all = outbox.pending.get(`all ${session.userId}`)?.revocations.all;
  return all !== undefined && session.createdAt <= all.before;
}

function enqueue(key: string, pending: Pending): void {
  if (outbox.pending.size < MAX_PENDING || outbox.pending.has(key)) outbox.pending.set(key, pending);
  else log.error({ key }, "too many pending logouts: this one is left to the browser's end token");
}

function schedule(): void {
  if (outbox.timer !== null || outbox.pending.size === 0) return;
  const wait = Math.min(MAX_RETRY_MILLISECONDS, MIN_RETRY_MILLISECONDS * 2 ** outbox.failures);
  outbox.timer = setTimeout(async () => {
    const isEmpty = await retryPending();
    outbox.failures = isEmpty ? 0 : outbox.failures + 1;
    outbox.timer = null;
    schedule();
  }, wait).unref();
}

/** True if the queue is empty afterwards. */
async function retryPending(): Promise<boolean> {
  const unavailable = new Set<Kysely<Database>>();
  for (const [key, pending] of outbox.pending) {
    if (unavailable.has(pending.db)) continue;
    try {
      await pending.end(pending.revocations);
      // A later logout may have replaced it meanwhile.
      if (outbox.pending.get(key) === pending) outbox.pending.delete(key);
    } catch (error) {
      // Each attempt may take a full database timeout: the rest waits for the next round.
      if (isUnavailable(error)) unavailable.add(pending.db);
      else log.error({ err: error }, "a pending logout failed");
    }
  }
  return outbox.pending.size === 0;
}

async function retryOnClose(db: Kysely<Database>): Promise<void> {
  await retryPending();
  for (const [key, pending] of outbox.pending) if (pending.db === db) outbox.pending.delete(key);
}
