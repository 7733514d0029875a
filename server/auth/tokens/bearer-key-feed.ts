import "server-only";
import type { JWK } from "jose";
import type { Kysely } from "kysely";
import { isUnavailable } from "@/db/faults";
import type { Database } from "@/db/schema";
import { deleteSigningKeys, findSigningKeys, insertSigningKey, type StoredKeys } from "@/db/tables/signing-keys";
import { DROPPED_KEY_RETENTION_SECONDS, KEY_POLL_SECONDS, secondsAfter } from "@/server/auth/policy/lifetimes";
import { log } from "@/server/runtime/log";
import { createKey, openKey, type BearerKey } from "./bearer-key";
import { judgeKeys, nextSequence, type KeyPhase, type KeyTimes } from "./bearer-key-timeline";

/** The keys of bearer tokens, as of the last successful read. While the table cannot be read they go on by the clock. */
interface KeyFeed {
  keys: (KeyTimes & { id: string })[];
  /** By id. Null for one that cannot be decrypted. */
  opened: Map<string, BearerKey | null>;
  /** By how many milliseconds the database's clock is ahead of this process's; null before the first read. */
  clockOffset: number | null;
  timer: NodeJS.Timeout | null;
}

// Routes and the entry are separate bundles of one process, and one of them polls.
const FEED = Symbol.for("portcullis.bearer-keys");
const shared = globalThis as typeof globalThis & { [FEED]?: KeyFeed };
const feed: KeyFeed = (shared[FEED] ??= { keys: [], opened: new Map(), clockOffset: null, timer: null });

/** A published key cannot be decrypted: this instance would refuse the tokens of the others. */
export class UnreadableKey extends Error {
  constructor(id: string) {
    super(
      `The signing key ${id} cannot be decrypted: ENCRYPTION_SECRET is not the one that it was encrypted under. Set ` +
        "ENCRYPTION_SECRET_PREVIOUS to that secret, or replace all signing keys with: npm run keys -- rotate --compromised",
    );
  }
}

/** Polls the table until `stopKeyFeed`. `stop` is called if a key cannot be decrypted before the first complete read. */
export function startKeyFeed(db: Kysely<Database>, stop: (reason: UnreadableKey) => void): void {
  if (feed.timer !== null) return;
  const poll = async () => {
    try {
      await readKeys(db);
    } catch (error) {
      if (error instanceof UnreadableKey && feed.clockOffset === null) return stop(error);
      if (!isUnavailable(error)) log.error({ err: error }, "the signing keys cannot be read");
    }
    if (feed.timer !== null) feed.timer = setTimeout(poll, KEY_POLL_SECONDS * 1000).unref();
  };
  feed.timer = setTimeout(poll, 0).unref();
}

export function stopKeyFeed(): void {
  if (feed.timer !== null) clearTimeout(feed.timer);
  feed.timer = null;
}

/** Reads the table once; inserts the first key of an installation. Throws `UnreadableKey` if that is the first read. */
export async function readKeys(db: Kysely<Database>): Promise<void> {
  const { keys, databaseNow } = await findOrCreateKeys(db);
  const clockOffset = databaseNow.getTime() - Date.now();
  const opened = new Map<string, BearerKey | null>();
  for (const { key, phase } of judgeKeys(keys, databaseNow)) {
    if (phase === "dropped") continue;
    const known = feed.opened.get(key.id);
    const own = known === undefined ? await openKey(key) : known;
    opened.set(key.id, own);
    if (own !== null || known === null) continue;
    const problem = new UnreadableKey(key.id);
    if (!hasKeyFeedStarted()) throw problem;
    // A running instance goes on with the keys that it has.
    log.error({ err: problem }, "a signing key cannot be decrypted");
  }
  Object.assign(feed, { keys, opened, clockOffset });
}

/** Every instance of a new installation tries: the primary key lets one of them insert. */
async function findOrCreateKeys(db: Kysely<Database>): Promise<StoredKeys> {
  const found = await findSigningKeys(db);
  if (found.keys.some(({ compromisedAt }) => compromisedAt === null)) return found;
  await insertSigningKey(db, await createKey(nextSequence(found.keys)), 0);
  return findSigningKeys(db);
}

/** Before its first read an instance knows no key: it is not ready. */
export function hasKeyFeedStarted(): boolean {
  return feed.clockOffset !== null;
}

/** The time of the database's clock, which all instances share, at `now` of this process's clock. */
export function databaseTime(now: Date): Date {
  return new Date(now.getTime() + (feed.clockOffset ?? 0));
}

/** The key that signs. Null before the first read, or if it cannot be decrypted. */
export function signingKey(now: Date): BearerKey | null {
  return keysIn(now, ["signing"])[0] ?? null;
}

/** The key of a token, or null if its tokens are not, or no longer, accepted. One that waits has signed none. */
export function verificationKey(id: string, now: Date): BearerKey | null {
  return keysIn(now, ["waiting", "signing", "retired"]).find((key) => key.id === id) ?? null;
}

/** The public keys, in the order in which they sign. */
export function publishedKeys(now: Date): JWK[] {
  return keysIn(now, ["waiting", "signing", "retired"]).map(({ publicJwk }) => publicJwk);
}

function keysIn(now: Date, phases: KeyPhase[]): BearerKey[] {
  return judgeKeys(feed.keys, databaseTime(now)).flatMap(({ key, phase }) => {
    const opened = feed.opened.get(key.id) ?? null;
    return opened !== null && phases.includes(phase) ? [opened] : [];
  });
}

/** Deletes keys that were dropped long ago, private parts included. */
export async function purgeKeys(db: Kysely<Database>): Promise<void> {
  const { keys, databaseNow } = await findSigningKeys(db);
  const before = secondsAfter(databaseNow, -DROPPED_KEY_RETENTION_SECONDS);
  const old = judgeKeys(keys, databaseNow).filter(({ dropsAt }) => dropsAt !== null && dropsAt < before);
  if (old.length > 0)
    await deleteSigningKeys(
      db,
      old.map(({ key }) => key.sequence),
    );
}
