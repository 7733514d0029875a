import "server-only";
import type { Kysely } from "kysely";
import { DatabaseFault, isUnavailable } from "@/db/faults";
import type { Database } from "@/db/schema";
import { onDatabaseClose } from "@/server/runtime/database";
import { log } from "@/server/runtime/log";
import { securityEvent } from "@/server/runtime/security-events";
import type { Revocations } from "@/server/auth/tokens/end-token";
import { endSession } from "./end-session";
import { markRevoked } from "./revocation-feed";

/** A revocation that is not written to the database yet. */
interface Pending {
  db: Kysely<Database>;
  /** For all sessions of a user that were opened until then. */
  all?: Revocations["all"];
  /** True if nothing is left to be done. */
  end: () => Promise<boolean>;
  /** Unexpected faults so far, and when the next attempt is due by the monotonic clock. */
  faults?: number;
  dueAt?: number;
}

interface Outbox {
  pending: Map<string, Pending>;
  timer: NodeJS.Timeout | null;
  /** Pools that wait for one last attempt before they close. */
  registered: WeakSet<Kysely<Database>>;
}

const MAX_PENDING = 10_000;
const RETRY_MILLISECONDS = 1000;
/** After unexpected faults, which a retry hardly ever ends, the interval doubles up to this. */
const MAX_RETRY_MILLISECONDS = 60_000;
/** A statement whose connection was lost takes effect within this time or not at all. */
const STATEMENT_SECONDS = 10;

// Middleware and routes are separate bundles of one process: each must refuse what the other has queued.
const OUTBOX = Symbol.for("portcullis.pending-revocations");
const shared = globalThis as typeof globalThis & { [OUTBOX]?: Outbox };
const outbox: Outbox = (shared[OUTBOX] ??= { pending: new Map(), timer: null, registered: new WeakSet() });

/**
 * Queues a logout while the database is unavailable: this instance refuses its sessions from now on, and retries until it is
 * written. If the process is killed first, the logout is lost; the ids in the log and the browser's end token remain.
 */
export function queueRevocation(
  db: Kysely<Database>,
  { sessionIds, reason, all }: Revocations,
  end: (part: Revocations) => Promise<void>,
): void {
  const endPart = (part: Revocations) => () => end(part).then(() => true);
  for (const id of sessionIds) enqueueSession(id, { db, end: endPart({ sessionIds: [id], reason }) });
  if (all !== undefined) enqueue(`all ${all.userId}`, { db, all, end: endPart({ sessionIds: [], reason, all }) });
  securityEvent("logout-pending", { sessionIds, userId: all?.userId, openedBy: all?.before, reason });
}

/** Revokes a session whose tokens were not delivered, in the background: until a late insert of its row is ruled out. */
export function endUndelivered(db: Kysely<Database>, sessionId: string): void {
  const queuedAt = performance.now();
  const end = async () => {
    const isLateInsertPossible = performance.now() - queuedAt <= STATEMENT_SECONDS * 1000;
    return (await endSession(db, { id: sessionId }, "never delivered")) || !isLateInsertPossible;
  };
  const pending = { db, end };
  // At once: a repeated registration succeeds only after it.
  void attempt(enqueueSession(sessionId, pending), pending);
}

/** Whether a revocation of this session is queued. */
export function isRevocationPending(session: { id: string; userId: string; createdAt: Date }): boolean {
  if (outbox.pending.size === 0) return false;
  if (outbox.pending.has(`session ${session.id}`)) return true;
  const all = outbox.pending.get(`all ${session.userId}`)?.all;
  return all !== undefined && session.createdAt <= all.before;
}

function enqueueSession(sessionId: string, pending: Pending): string {
  markRevoked(sessionId);
  return enqueue(`session ${sessionId}`, pending);
}

function enqueue(key: string, pending: Pending): string {
  const { db } = pending;
  if (outbox.pending.size < MAX_PENDING || outbox.pending.has(key)) outbox.pending.set(key, pending);
  else log.error({ key }, "too many pending revocations: this one is not retried");
  if (!outbox.registered.has(db)) {
    outbox.registered.add(db);
    onDatabaseClose(db, () => retryOnClose(db));
  }
  schedule();
  return key;
}

function schedule(): void {
  if (outbox.timer !== null || outbox.pending.size === 0) return;
  outbox.timer = setTimeout(async () => {
    await retryPending();
    outbox.timer = null;
    schedule();
  }, RETRY_MILLISECONDS).unref();
}

async function retryPending(): Promise<void> {
  const unavailable = new Set<Kysely<Database>>();
  for (const [key, pending] of outbox.pending) {
    if ((pending.dueAt ?? 0) > performance.now()) continue;
    // Each attempt may take a full database timeout: the rest waits for the next round.
    if (!unavailable.has(pending.db) && !(await attempt(key, pending))) unavailable.add(pending.db);
  }
}

/** False if the database is unavailable. */
async function attempt(key: string, pending: Pending): Promise<boolean> {
  try {
    const isDone = await pending.end();
    // A later logout may have replaced it meanwhile.
    if (isDone && outbox.pending.get(key) === pending) outbox.pending.delete(key);
    return true;
  } catch (error) {
    if (error instanceof DatabaseFault && error.code === "POOL_CLOSED") outbox.pending.delete(key);
    else if (isUnavailable(error)) return false;
    else {
      postpone(pending);
      log.error({ err: error, key }, "a pending revocation failed");
    }
    return true;
  }
}

function postpone(pending: Pending): void {
  pending.faults = (pending.faults ?? 0) + 1;
  pending.dueAt = performance.now() + Math.min(RETRY_MILLISECONDS * 2 ** pending.faults, MAX_RETRY_MILLISECONDS);
}

async function retryOnClose(db: Kysely<Database>): Promise<void> {
  // Those that are not due are attempted too: it is the last time.
  for (const pending of outbox.pending.values()) delete pending.dueAt;
  await retryPending();
  for (const [key, pending] of outbox.pending) {
    if (pending.db !== db) continue;
    log.error({ key }, "a pending revocation could not be confirmed before the database was closed");
    outbox.pending.delete(key);
  }
}
