import "server-only";
import { isLostFrom, type KnownEnding } from "@/db/tables/lost-revocations";
import { env } from "@/server/runtime/env";
import { DELETION_DELAY_SECONDS, revocationMemorySeconds, secondsBetween } from "@/server/auth/policy/lifetimes";
import type { EndReason } from "./end-session";

interface Remembered extends KnownEnding {
  /** In milliseconds of the monotonic clock. */
  expiresAt: number;
}

// Middleware and routes are separate bundles of one process: each must refuse what the other has ended.
const ENDINGS = Symbol.for("portcullis.known-endings");
const shared = globalThis as typeof globalThis & { [ENDINGS]?: Map<string, Remembered[]> };
/** By user. Those of one user are in the order of their epochs. */
const endings: Map<string, Remembered[]> = (shared[ENDINGS] ??= new Map());

const FAR_FUTURE = new Date("9999-01-01");

/**
 * Remembers for the lifetime of an access token what this instance did to end all sessions of a user: the database may lose it. Other
 * instances know the sessions from the feed, and neither epoch nor password.
 */
export function rememberEnding(ending: KnownEnding & { reason: EndReason }): void {
  const { userId, sessionEpoch, disabledAt } = ending;
  const others = (endings.get(userId) ?? []).filter(
    (one) => one.sessionEpoch !== sessionEpoch || (one.disabledAt === undefined) !== (disabledAt === undefined),
  );
  const expiresAt = performance.now() + revocationMemorySeconds(env().ACCESS_TOKEN_SECONDS) * 1000;
  const all = [...others, { ...ending, expiresAt }].sort((one, other) => one.sessionEpoch - other.sessionEpoch);
  endings.set(userId, all);
}

/**
 * Every session of a disabled account has ended. One that a deletion disabled is not disabled again after a loss, which took the
 * time of the deletion and its link too: the owner could not enable it any more.
 */
export function rememberDisabled({
  id,
  sessionEpoch,
  disabledAt,
  deletesAt,
}: {
  id: string;
  sessionEpoch: number;
  disabledAt: Date;
  deletesAt: Date | null;
}): void {
  if (deletesAt !== null && secondsBetween(disabledAt, deletesAt) === DELETION_DELAY_SECONDS) {
    return rememberEnding({ userId: id, reason: "account deletion", sessionEpoch, openedBy: disabledAt });
  }
  rememberEnding({ userId: id, reason: "user disabled", sessionEpoch, openedBy: FAR_FUTURE, disabledAt });
}

export function knownEndings(): KnownEnding[] {
  return [...endings.values()].flat();
}

export function forgetExpiredEndings(): void {
  const now = performance.now();
  for (const [userId, these] of endings) {
    const left = these.filter(({ expiresAt }) => expiresAt > now);
    if (left.length === 0) endings.delete(userId);
    else endings.set(userId, left);
  }
}

/** Whether this row of a user lacks what this instance knows: the database has lost it, or this node lags. */
export function isUserRowOutdated(user: { id: string; sessionEpoch: number; passwordHash: string }): boolean {
  return (endings.get(user.id) ?? []).some((ending) => isLostFrom(user, ending));
}

/** Whether a session whose row looks live was ended by what this instance knows of its user. */
export function isEndedByMemory(session: {
  id: string;
  userId: string;
  createdAt: Date;
  sessionEpoch: number;
}): boolean {
  return (endings.get(session.userId) ?? []).some(
    (ending) => isLostFrom(session, ending) && session.createdAt <= ending.openedBy && session.id !== ending.keptId,
  );
}
