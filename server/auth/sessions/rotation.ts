import "server-only";
import { isSameBrowser, type Browser } from "@/server/auth/client/device";
import {
  laterOf,
  MAX_GRACE_WINDOWS,
  MAX_REPLICATION_LAG_SECONDS,
  secondsBetween,
} from "@/server/auth/policy/lifetimes";
import type { PresentedToken } from "@/server/auth/tokens/refresh-token";

/** One session's row, as far as the verdict depends on it. */
export interface RotationState {
  generation: number;
  currentNonce: string;
  previousNonce: string | null;
  /** When the current token was created. */
  rotatedAt: Date;
  /** When the current token was created or last reissued. */
  handedAt: Date;
  idleExpiresAt: Date;
  absoluteExpiresAt: Date;
  revokedAt: Date | null;
  userDisabledAt: Date | null;
  /** The browser that the session was last seen with. */
  browser: string;
  os: string;
}

export type Verdict =
  /**
   * Issue an access token only: for the current token within the window, for the previous one after too many windows of
   * reissues, and for the previous one from another browser within the window.
   */
  | { kind: "fresh" }
  /** The current token after the window: create its successor. */
  | { kind: "rotate" }
  /**
   * The previous token within the window, from a parallel request or after a lost response: issue the same successor again.
   */
  | { kind: "reissue" }
  /** The previous token after the window: the response was lost. Replace the undelivered successor. */
  | { kind: "recover" }
  /** The database has lost the rotation that created this token: restore the state of the row that the token proves. */
  | { kind: "ahead" }
  /** Two clients have one token family: end the session for both. */
  | { kind: "replayed" }
  /** There is no row for a token that was just issued: this database may not have received it yet. */
  | { kind: "unavailable" }
  | { kind: "ended" };

/**
 * Judges a refresh token with a valid signature. Pure: the same row, token, client and instants give the same verdict.
 * Without any one of these rules, legitimate users are logged out or a thief stays signed in.
 * `lossNoticedAt`: when this instance last noticed that the database may have lost commits, or null.
 */
export function judgeRotation(
  session: RotationState | null,
  presented: PresentedToken,
  client: Browser,
  graceSeconds: number,
  now: Date,
  lossNoticedAt: Date | null,
): Verdict {
  if (session === null) {
    const isJustIssued = secondsBetween(presented.issuedAt, now) <= MAX_REPLICATION_LAG_SECONDS;
    return { kind: isJustIssued ? "unavailable" : "ended" };
  }
  const isFromLostRotation = isAhead(session, presented) && isSameBrowser(session, client);
  // A lost rotation has extended the idle limit; the token proves until when.
  const idleExpiresAt = isFromLostRotation ? presented.expiresAt : session.idleExpiresAt;
  if (hasEnded({ ...session, idleExpiresAt }, now)) return { kind: "ended" };

  // A reissue may be among the lost commits: its response is in transit, and the row shows an older `handedAt`.
  const handedAt = lossNoticedAt === null ? session.handedAt : laterOf(session.handedAt, lossNoticedAt);
  const isWindowOver = secondsBetween(handedAt, now) > graceSeconds;
  // Not within the window: the row's current token may still be in transit to this browser.
  if (isFromLostRotation) return { kind: isWindowOver ? "ahead" : "fresh" };
  if (isCurrent(session, presented)) return isWindowOver ? { kind: "rotate" } : { kind: "fresh" };
  if (!isPrevious(session, presented)) return { kind: "replayed" };
  // Two tabs of one browser may send two user agents (device mode). Neither branch issues a refresh token to a copied one.
  if (!isSameBrowser(session, client)) return isWindowOver ? { kind: "replayed" } : { kind: "fresh" };

  if (isWindowOver) return { kind: "recover" };
  // No replacement yet: the successor may still be in transit to the legitimate client. Without reissues the window ends.
  const isExtendedTooLong = secondsBetween(session.rotatedAt, now) > MAX_GRACE_WINDOWS * graceSeconds;
  return isExtendedTooLong ? { kind: "fresh" } : { kind: "reissue" };
}

/** Access tokens last whole seconds: a session with less than one second left cannot issue any. */
export function hasEnded(
  session: Pick<RotationState, "revokedAt" | "userDisabledAt" | "idleExpiresAt" | "absoluteExpiresAt">,
  now: Date,
): boolean {
  if (session.revokedAt !== null || session.userDisabledAt !== null) return true;
  return secondsBetween(now, session.idleExpiresAt) <= 0 || secondsBetween(now, session.absoluteExpiresAt) < 1;
}

function isCurrent(session: RotationState, presented: PresentedToken): boolean {
  return presented.nonce === session.currentNonce && presented.generation === session.generation;
}

/** A token of an older version does not name its predecessor and does not prove the state of a row. */
function isAhead(session: RotationState, presented: PresentedToken): boolean {
  return presented.generation > session.generation && presented.previousNonce !== null;
}

function isPrevious(session: RotationState, presented: PresentedToken): boolean {
  return session.previousNonce !== null && presented.nonce === session.previousNonce;
}
