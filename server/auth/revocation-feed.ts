import "server-only";
import type { Kysely } from "kysely";
import type { Database } from "@/db/schema";
import { findRevokedSince } from "@/db/revocations";
import { isUnavailable } from "@/db/faults";
import { env } from "@/server/env";
import { log } from "@/server/log";
import { REVOCATION_OVERLAP_SECONDS, REVOCATION_POLL_SECONDS, REVOCATION_STALE_SECONDS } from "./policy/lifetimes";

/** Which sessions were revoked within the last access-token life, kept up to date by one small query a second. */
interface Feed {
  /** Session id → when its last access token is dead anyway, in milliseconds of the monotonic clock. */
  revoked: Map<string, number>;
  /** When the last complete read began, or null before the first. */
  readAt: number | null;
  reading: Promise<void> | null;
  timer: NodeJS.Timeout | null;
}

// Middleware and routes are separate bundles of one process: without this they would follow separate feeds.
const FEED = Symbol.for("portcullis.revocation-feed");
const shared = globalThis as typeof globalThis & { [FEED]?: Feed };
const feed: Feed = (shared[FEED] ??= { revoked: new Map(), readAt: null, reading: null, timer: null });

/** Follows the revocations of all instances until `stopRevocationFeed`. */
export function startRevocationFeed(db: Kysely<Database>): void {
  if (feed.timer !== null) return;
  const again = async () => {
    try {
      await readRevocations(db);
    } catch (error) {
      if (!isUnavailable(error)) log.error({ err: error }, "the revocation feed cannot be read");
    }
    if (feed.timer !== null) feed.timer = setTimeout(again, REVOCATION_POLL_SECONDS * 1000).unref();
  };
  feed.timer = setTimeout(again, 0).unref();
}

export function stopRevocationFeed(): void {
  if (feed.timer !== null) clearTimeout(feed.timer);
  feed.timer = null;
}

/** Reads what was revoked since the last read, now. One read at a time: whoever comes in the middle of one waits for the next. */
export async function readRevocations(db: Kysely<Database>): Promise<void> {
  while (feed.reading !== null) await feed.reading.catch(() => {});
  feed.reading = readOnce(db).finally(() => (feed.reading = null));
  return feed.reading;
}

async function readOnce(db: Kysely<Database>): Promise<void> {
  const startedAt = performance.now();
  const sinceLastRead = feed.readAt === null ? tokenLifeSeconds() : (startedAt - feed.readAt) / 1000;
  const rows = await findRevokedSince(db, Math.ceil(sinceLastRead + REVOCATION_OVERLAP_SECONDS));
  for (const { id } of rows) remember(id);
  feed.readAt = startedAt;
  forgetTheDead(startedAt);
}

/** What this instance revoked itself holds here before the answer leaves. */
export function noteRevoked(sessionId: string): void {
  remember(sessionId);
}

export function isKnownToBeRevoked(sessionId: string): boolean {
  return feed.revoked.has(sessionId);
}

/** Whether the news is too old to be relied upon. */
export function revocationFeedIsStale(): boolean {
  return feed.readAt === null || performance.now() - feed.readAt > REVOCATION_STALE_SECONDS * 1000;
}

/** An instance that has read nothing yet would welcome every revoked token: it is not ready. */
export function revocationFeedHasStarted(): boolean {
  return feed.readAt !== null;
}

function remember(sessionId: string): void {
  // The overlap shows a session several times; its first sighting counts, or it would never be forgotten.
  if (!feed.revoked.has(sessionId)) feed.revoked.set(sessionId, performance.now() + tokenLifeSeconds() * 1000);
}

function forgetTheDead(now: number): void {
  for (const [sessionId, deadAt] of feed.revoked) {
    if (deadAt > now) break;
    feed.revoked.delete(sessionId);
  }
}

/** The longest that a token minted just before its session was revoked can live, with room for a slow reply. */
function tokenLifeSeconds(): number {
  return env().ACCESS_TOKEN_SECONDS + REVOCATION_OVERLAP_SECONDS;
}
