import "server-only";
import type { Kysely } from "kysely";
import pTimeout from "p-timeout";
import { isUnavailable } from "@/db/faults";
import type { Database } from "@/db/schema";
import { findSessionWithUser, type SessionWithUser } from "@/db/tables/sessions";
import { env } from "@/server/runtime/env";
import { log } from "@/server/runtime/log";
import { requestState, type RequestState } from "@/server/runtime/request-state";
import { securityEvent, type SecurityEvent } from "@/server/runtime/security-events";
import type { Access } from "@/server/auth/tokens/access-token";
import { consumeRefreshLimit } from "@/server/auth/rate-limits/refresh-limit";
import type { Client } from "@/server/auth/client/client";
import type { CookieToSet } from "@/server/auth/tokens/cookies";
import { isSameBrowser } from "@/server/auth/client/device";
import { lossNoticedAt } from "./database-loss";
import { endReplayedSession, endSession } from "./end-session";
import { issueAccessToken, issueTokens } from "./issue-tokens";
import { isEndedByMemory, rememberDisabled } from "./known-endings";
import { isRevocationPending } from "./pending-revocations";
import { isMarkedRevoked } from "./revocation-feed";
import type { RefreshResult } from "@/server/auth/policy/credentials";
import { refreshTimeoutSeconds, secondsBetween } from "@/server/auth/policy/lifetimes";
import { Refusal } from "@/server/auth/policy/refusals";
import { readRefreshToken, type PresentedRefreshToken } from "@/server/auth/tokens/refresh-token";
import { judgeRotation } from "./rotation";
import { rotate, reissue, recover, moveForward, type Session } from "./sessions";

/** Attempts per refresh while concurrent requests change the row first. More conflicts than that have another cause. */
const MAX_ATTEMPTS = 3;

export type RefreshOutcome =
  | {
      kind: "refreshed";
      verdict: "fresh" | "rotate" | "reissue" | "recover" | "ahead";
      access: Access;
      cookies: CookieToSet[];
    }
  | { kind: "ended"; reason: "replayed" | "over"; wasJustReplaced?: true }
  | { kind: "unreadable" };

const EVENT_OF = {
  rotate: "token-rotated",
  reissue: "token-reissued",
  recover: "session-recovered",
  ahead: "session-ahead",
} as const satisfies Record<string, SecurityEvent>;

/** Logged where the two clients are different browsers: outside production this is the usual cause. */
const SHARED_STATE_HINT =
  "One saved browser state used by several browsers or test projects ends the session; give each its own sign-in.";

interface SharedRefresh {
  outcome: Promise<RefreshOutcome>;
  /** The state of the requests that share it. */
  requests: (RequestState | undefined)[];
}

/** The refresh in progress for a token and a client, shared by parallel requests (single flight). */
const inFlight = new Map<string, SharedRefresh>();

/**
 * Renews the tokens of the session that a refresh token belongs to. Parallel calls with one token from one client share one
 * rotation. Throws the refusal RATE_LIMITED, and faults: neither says anything about the session.
 */
export async function refresh(db: Kysely<Database>, token: string, client: Client, now: Date): Promise<RefreshOutcome> {
  // The client is part of the key: a thief must not share the owner's refresh and be judged as the owner.
  const key = JSON.stringify([token, client.address, client.browser, client.os]);
  const started = inFlight.get(key);
  if (started !== undefined) {
    started.requests.push(requestState.getStore());
    return started.outcome;
  }

  const milliseconds = refreshTimeoutSeconds(env().REFRESH_GRACE_SECONDS) * 1000;
  const deadline = performance.now() + milliseconds;
  const requests = [requestState.getStore()];
  // After a pause a process may read requests that have exceeded every timeout and whose clients have disconnected.
  const shouldAbort = () => performance.now() > deadline || requests.every((request) => request?.isAborted);
  // A statement in progress continues after the timeout: the next request recovers what it commits.
  const outcome = pTimeout(performRefresh(db, token, client, now, shouldAbort), {
    milliseconds,
    fallback: throwTimedOut,
  });
  inFlight.set(key, { outcome, requests });
  return outcome.finally(() => inFlight.delete(key));
}

/** Like `refresh`, for the gate: refusals and faults become an outcome, which never ends the session. */
export async function tryRefresh(
  db: Kysely<Database>,
  token: string,
  client: Client,
  now: Date,
): Promise<Extract<RefreshOutcome, { kind: "refreshed" }> | Exclude<RefreshResult, { kind: "refreshed" }>> {
  try {
    return await refresh(db, token, client, now);
  } catch (error) {
    if (error instanceof Refusal) {
      return { kind: "unavailable", status: error.reason === "RATE_LIMITED" ? 429 : 503, ...error.details };
    }
    if (!isUnavailable(error)) log.error({ err: error }, "refresh failed");
    return { kind: "unavailable", status: 503, retryAfterSeconds: 1 };
  }
}

async function performRefresh(
  db: Kysely<Database>,
  token: string,
  client: Client,
  now: Date,
  shouldAbort: () => boolean,
): Promise<RefreshOutcome> {
  const presented = await readRefreshToken(token, now);
  if (presented === null) return { kind: "unreadable" };
  if (presented === "expired") return { kind: "ended", reason: "over" };
  consumeRefreshLimit(presented.sessionId, now);

  for (let attempt = 0; attempt < MAX_ATTEMPTS; attempt++) {
    const row = (await findSessionWithUser(db, presented.sessionId)) ?? null;
    // All clients have disconnected: a late update could invalidate a successor that another request received.
    if (shouldAbort()) throwTimedOut();
    const outcome = await attemptRefresh(db, row, presented, client, now);
    if (outcome !== "conflict") return outcome;
  }
  throwTimedOut();
}

async function attemptRefresh(
  db: Kysely<Database>,
  row: SessionWithUser | null,
  presented: PresentedRefreshToken,
  client: Client,
  now: Date,
): Promise<RefreshOutcome | "conflict"> {
  // Logged out while the database was unavailable: the row does not show it yet.
  if (row !== null && isRevocationPending(row)) return { kind: "ended", reason: "over" };
  // Revoked, as this instance knows: a database that has lost its last commits, or a node that lags, does not show it.
  if (isMarkedRevoked(presented.sessionId) || (row !== null && isEndedByMemory(row))) return endedOutcome(db, row, now);
  const verdict = judgeRotation(row, presented, client, env().REFRESH_GRACE_SECONDS, now, lossNoticedAt(now));
  if (verdict.kind === "unavailable") throw new Refusal("UNAVAILABLE", { retryAfterSeconds: 1 });
  if (row === null || verdict.kind === "ended") return endedOutcome(db, row, now);

  switch (verdict.kind) {
    case "fresh": {
      const issued = await issueAccessToken(row, client, now);
      return { kind: "refreshed", verdict: "fresh", ...issued };
    }
    case "rotate":
      return refreshedOutcome("rotate", await rotate(db, row, presented, client, now), client, now);
    case "reissue":
      return refreshedOutcome("reissue", await reissue(db, row, now), client, now);
    case "recover":
      return refreshedOutcome("recover", await recover(db, row, presented, client, now), client, now);
    case "ahead":
      return movedForwardOutcome(row, await moveForward(db, row, presented, client, now), client, now);
    case "replayed":
      // Only the row that was judged: a node that lags shows an old one, for which a good token looks replayed.
      if (!(await endReplayedSession(db, row, client, now))) return "conflict";
      securityEvent("session-replayed", {
        sessionId: row.id,
        userId: row.userId,
        address: client.address,
        presentedGeneration: presented.generation,
        generation: row.generation,
        ...(isSameBrowser(row, client) ? {} : { hint: SHARED_STATE_HINT }),
      });
      return { kind: "ended", reason: "replayed" };
  }
}

/** `row` is the session after the update, or null if a concurrent request was faster. */
async function refreshedOutcome(
  verdict: "rotate" | "reissue" | "recover",
  row: Session | null,
  client: Client,
  now: Date,
): Promise<RefreshOutcome | "conflict"> {
  if (row === null) return "conflict";
  const { id: sessionId, userId, generation } = row;
  securityEvent(EVENT_OF[verdict], { sessionId, userId, address: client.address, generation });
  return { kind: "refreshed", verdict, ...(await issueTokens(row, client, now)) };
}

/** The browser keeps its refresh token: it is the one that the row now determines. */
async function movedForwardOutcome(
  { generation: rowGeneration }: Session,
  row: Session | null,
  client: Client,
  now: Date,
): Promise<RefreshOutcome | "conflict"> {
  if (row === null) return "conflict";
  const { id: sessionId, userId, generation } = row;
  securityEvent(EVENT_OF.ahead, { sessionId, userId, address: client.address, generation, rowGeneration });
  return { kind: "refreshed", verdict: "ahead", ...(await issueAccessToken(row, client, now)) };
}

async function endedOutcome(db: Kysely<Database>, row: SessionWithUser | null, now: Date): Promise<RefreshOutcome> {
  // The sessions of a disabled user may not be revoked yet.
  if (row?.userDisabledAt) {
    const { userId: id, sessionEpoch, userDisabledAt: disabledAt, userDeletesAt: deletesAt } = row;
    rememberDisabled({ id, sessionEpoch, disabledAt, deletesAt });
    if (row.revokedAt === null) await endSession(db, row, "user disabled");
  }
  return {
    kind: "ended",
    reason: "over",
    ...(row !== null && wasJustReplaced(row, now) ? { wasJustReplaced: true } : {}),
  };
}

/** By a login or a new password, less than a grace window ago: the new cookies of this browser may be in transit. */
function wasJustReplaced({ revokedAt, revokedReason }: SessionWithUser, now: Date): boolean {
  if (revokedAt === null || (revokedReason !== "replaced by login" && revokedReason !== "password changed"))
    return false;
  return Math.abs(secondsBetween(revokedAt, now)) < env().REFRESH_GRACE_SECONDS;
}

function throwTimedOut(): never {
  throw new Refusal("UNAVAILABLE", { retryAfterSeconds: 1 });
}
