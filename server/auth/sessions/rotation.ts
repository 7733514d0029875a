import "server-only";
import { isSameBrowser, type Browser } from "@/server/auth/client/device";
import { MAX_GRACE_WINDOWS, secondsBetween } from "@/server/auth/policy/lifetimes";
import type { PresentedToken } from "@/server/auth/tokens/refresh-token";

/** One session's row, as far as the verdict depends on it. */
export interface RotationState {
  generation: number;
  currentNonce: string;
  previousNonce: string | null;
  /** When the current token was made. */
  rotatedAt: Date;
  /** When the current token was last handed to somebody who came with the previous one; making it counts. */
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
   * An access token and nothing else: for the current token just made, for the previous one after it was handed out for too long,
   * and for the previous one from another browser inside the window.
   */
  | { kind: "fresh" }
  /** The current token, due: a successor is made. */
  | { kind: "rotate" }
  /** The previous token, inside the window: a parallel request or a lost reply gets the same successor once more. */
  | { kind: "reissue" }
  /** The previous token, later: its reply was lost. A sibling replaces the successor that nobody received. */
  | { kind: "recover" }
  /** Two holders of one lineage: the session dies for both. */
  | { kind: "replayed" }
  | { kind: "ended" };

/**
 * Judges a refresh token whose signature is right. Pure: the same row, token, client and instant give the same verdict.
 * Leaving out any rule logs honest people out or lets a thief stay.
 */
export function judgeRotation(
  session: RotationState | null,
  presented: PresentedToken,
  client: Browser,
  graceSeconds: number,
  now: Date,
): Verdict {
  if (session === null || hasEnded(session, now)) return { kind: "ended" };

  const isSettled = secondsBetween(session.handedAt, now) > graceSeconds;
  if (isCurrent(session, presented)) return isSettled ? { kind: "rotate" } : { kind: "fresh" };
  if (!isPrevious(session, presented)) return { kind: "replayed" };
  // Two tabs of one browser may send two user agents (device mode). A copied token gets no refresh token here either way.
  if (!isSameBrowser(session, client)) return isSettled ? { kind: "replayed" } : { kind: "fresh" };

  if (isSettled) return { kind: "recover" };
  // Not yet a sibling: the successor may still be on its way to an honest holder. Handing out nothing more lets it settle.
  const heldOpenTooLong = secondsBetween(session.rotatedAt, now) > MAX_GRACE_WINDOWS * graceSeconds;
  return heldOpenTooLong ? { kind: "fresh" } : { kind: "reissue" };
}

/** An access token lives whole seconds: a session with less than one left has nothing to give. */
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

function isPrevious(session: RotationState, presented: PresentedToken): boolean {
  return session.previousNonce !== null && presented.nonce === session.previousNonce;
}
