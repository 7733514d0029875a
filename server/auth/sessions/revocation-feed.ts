import "server-only";
import type { Kysely } from "kysely";
import type { Database } from "@/db/schema";
import { findRevokedSince } from "@/db/tables/revocations";
import { isUnavailable } from "@/db/faults";
import { env } from "@/server/runtime/env";
import { log } from "@/server/runtime/log";
import {
  REVOCATION_OVERLAP_SECONDS,
  REVOCATION_POLL_SECONDS,
  REVOCATION_STALE_SECONDS,
  revocationMemorySeconds,
  secondsAfter,
} from "@/server/auth/policy/lifetimes";
import { keepHeartbeat, recordContact, recordFailedContact, unhandledLoss } from "./database-loss";
import { forgetExpiredEndings } from "./known-endings";
import { writeAgain } from "./write-again";

/** The sessions revoked within the last access-token lifetime, updated by one small query a second. */
interface Feed {
  /** By session id, in the order in which they were marked. */
  revoked: Map<string, KnownRevocation>;
  /** When the last complete read began, or null before the first. */
  lastRead: ClockReadings | null;
  /** Total milliseconds by which this process's clock was set back: tokens are valid longer by that. */
  clockSetBackBy: number;
  reading: Promise<void> | null;
  /** The read that starts after `reading`. */
  nextReading: Promise<void> | null;
  timer: NodeJS.Timeout | null;
}

export interface KnownRevocation {
  /**
   * When the session's last access token has expired, in milliseconds of the monotonic clock. That clock stops in a suspended
   * process and never jumps ahead, so no entry is removed too early.
   */
  expiresAt: number;
  /** Null if another instance revoked the session. */
  reason: string | null;
}

/** One instant on three clocks. None is sufficient alone: the first stops in a suspended process, the others may be set. */
interface ClockReadings {
  monotonic: number;
  wall: number;
  database: Date;
}

// Middleware and routes are separate bundles of one process: without this they would have separate feeds.
const FEED = Symbol.for("portcullis.revocation-feed");
const shared = globalThis as typeof globalThis & { [FEED]?: Feed };
const feed: Feed = (shared[FEED] ??= {
  revoked: new Map(),
  lastRead: null,
  clockSetBackBy: 0,
  reading: null,
  nextReading: null,
  timer: null,
});

/** Polls the revocations of all instances until `stopRevocationFeed`. */
export function startRevocationFeed(db: Kysely<Database>): void {
  if (feed.timer !== null) return;
  const poll = async () => {
    await contactDatabase(db);
    void writeRevocationsAgain(db);
    if (feed.timer !== null) feed.timer = setTimeout(poll, REVOCATION_POLL_SECONDS * 1000).unref();
  };
  feed.timer = setTimeout(poll, 0).unref();
}

/** One poll: reads what other instances revoked, and notices whether the database has lost commits. */
export async function contactDatabase(db: Kysely<Database>): Promise<void> {
  try {
    await readRevocations(db);
    await keepHeartbeat(db);
  } catch (error) {
    if (!isUnavailable(error)) log.error({ err: error }, "the revocation feed cannot be read");
  }
}

/** After a loss was noticed: writes what this instance knows to be revoked. Otherwise does nothing. Never throws. */
export async function writeRevocationsAgain(db: Kysely<Database>): Promise<void> {
  await writeAgain(db, feed.revoked);
}

export function stopRevocationFeed(): void {
  if (feed.timer !== null) clearTimeout(feed.timer);
  feed.timer = null;
}

/**
 * Reads what was revoked since the last read. One read at a time: a read in progress may have started before the caller's
 * commit, so all calls during it share the next one.
 */
export function readRevocations(db: Kysely<Database>): Promise<void> {
  if (feed.nextReading !== null) return feed.nextReading;
  if (feed.reading === null) return startReading(db);
  const finished = feed.reading.catch(() => {});
  feed.nextReading = finished.then(() => {
    feed.nextReading = null;
    return startReading(db);
  });
  return feed.nextReading;
}

function startReading(db: Kysely<Database>): Promise<void> {
  feed.reading = readOnce(db).finally(() => (feed.reading = null));
  return feed.reading;
}

async function readOnce(db: Kysely<Database>): Promise<void> {
  const startedAt = { monotonic: performance.now(), wall: Date.now() };
  const { lastRead } = feed;
  const setBackBy = lastRead === null ? 0 : Math.max(0, lastRead.wall - startedAt.wall);
  const found = await findRevokedSince(
    db,
    Math.ceil(lookbackSeconds(startedAt, setBackBy)),
    lastRead === null ? null : secondsAfter(lastRead.database, -REVOCATION_OVERLAP_SECONDS),
  ).catch((error: unknown) => {
    recordFailedContact();
    throw error;
  });
  recordContact(found);
  if (setBackBy > 0) {
    feed.clockSetBackBy += setBackBy;
    for (const known of feed.revoked.values()) known.expiresAt += setBackBy;
  }
  for (const { id } of found) markRevoked(id);
  feed.lastRead = { ...startedAt, database: found.databaseNow };
  // After an outage of any length nothing is forgotten before it is written again.
  if (unhandledLoss() === null) {
    removeExpired(startedAt.monotonic);
    forgetExpiredEndings();
  }
}

/** By the clock that advanced most. After a clock was set back, tokens of removed entries are valid again. */
function lookbackSeconds(now: Omit<ClockReadings, "database">, setBackBy: number): number {
  if (feed.lastRead === null || setBackBy > 0) return tokenLifetimeSeconds() + (feed.clockSetBackBy + setBackBy) / 1000;
  const sinceLastRead = Math.max(now.monotonic - feed.lastRead.monotonic, now.wall - feed.lastRead.wall) / 1000;
  return sinceLastRead + REVOCATION_OVERLAP_SECONDS;
}

export function isMarkedRevoked(sessionId: string): boolean {
  return feed.revoked.has(sessionId);
}

/** Whether the feed is too old to rely on. After a suspension only the wall clock shows it; one that was set counts too. */
export function isRevocationFeedStale(): boolean {
  if (feed.lastRead === null) return true;
  const { monotonic, wall } = feed.lastRead;
  return Math.max(performance.now() - monotonic, Math.abs(Date.now() - wall)) > REVOCATION_STALE_SECONDS * 1000;
}

/** Before its first read an instance would accept every revoked token: it is not ready. */
export function hasRevocationFeedStarted(): boolean {
  return feed.lastRead !== null;
}

/** Called for what this instance revoked itself, before it responds, and for what the feed returns. */
export function markRevoked(sessionId: string, reason: string | null = null): void {
  const known = feed.revoked.get(sessionId);
  // Reads overlap and return a session several times: only the first sets its expiry, or it would never expire.
  if (known !== undefined) known.reason ??= reason;
  else
    feed.revoked.set(sessionId, {
      expiresAt: performance.now() + tokenLifetimeSeconds() * 1000 + feed.clockSetBackBy,
      reason,
    });
}

function removeExpired(now: number): void {
  for (const [sessionId, { expiresAt }] of feed.revoked) {
    if (expiresAt > now) break;
    feed.revoked.delete(sessionId);
  }
}

function tokenLifetimeSeconds(): number {
  return revocationMemorySeconds(env().ACCESS_TOKEN_SECONDS);
}
