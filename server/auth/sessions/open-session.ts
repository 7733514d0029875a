import "server-only";
import type { Kysely } from "kysely";
import { isUnavailable } from "@/db/faults";
import { revokeOldestSessions } from "@/db/tables/revocations";
import type { Database, NewSession, User } from "@/db/schema";
import {
  REVOCATION_BATCH_SIZE,
  findSessionWithUser,
  insertSession,
  type InsertSessionResult,
} from "@/db/tables/sessions";
import { log } from "@/server/runtime/log";
import { onUndeliveredResponse, requestState } from "@/server/runtime/request-state";
import { securityEvent } from "@/server/runtime/security-events";
import type { Client } from "@/server/auth/client/client";
import { syncRevocations } from "./end-session";
import { issueTokens, type IssuedTokens } from "./issue-tokens";
import type { AuthenticationMethod } from "@/server/auth/policy/authentication-methods";
import { MAX_LIVE_SESSIONS } from "@/server/auth/policy/lifetimes";
import { Refusal } from "@/server/auth/policy/refusals";
import { endUndelivered } from "./pending-revocations";
import { markRevoked } from "./revocation-feed";
import { openedSession, newSession, type Session, type TokenUser } from "./sessions";

/** The result that is assumed where only the row confirms the insert. The next login ends any oldest sessions left. */
export const ASSUMED_RESULT: InsertSessionResult = { hasRevokedReplaced: true, revokedOldest: 0 };

/**
 * Opens a session for a user who just authenticated, and ends the one that the browser had before. Null if all sessions were
 * ended since the user was read.
 */
export async function openSession(
  db: Kysely<Database>,
  user: Pick<User, "id" | "sessionEpoch"> & TokenUser,
  remember: boolean,
  client: Client,
  now: Date,
  replacedId: string | null = null,
  methods: readonly AuthenticationMethod[] = ["password"],
): Promise<Session | null> {
  const session = newSession(user.id, remember, client, now, methods);
  const options = { sessionEpoch: user.sessionEpoch, replacedId, liveAtMost: MAX_LIVE_SESSIONS };
  const opened = await confirmInsert(db, session, () => insertSession(db, session, options), ASSUMED_RESULT);
  if (opened === null) return null;
  await recordReplaced(db, session, replacedId, opened, now);
  return openedSession(session, user);
}

/**
 * Runs `write`, which inserts `session`. If its result is lost, looks for the row: if the row exists, the result is `done`.
 * Otherwise, or if the database does not respond, the session is revoked in the background: its tokens were not delivered.
 */
export async function confirmInsert<Result>(
  db: Kysely<Database>,
  session: Pick<NewSession, "id">,
  write: () => Promise<Result>,
  done: Result,
): Promise<Result> {
  // The client has disconnected and cannot receive the tokens.
  if (requestState.getStore()?.isAborted) throw new Refusal("UNAVAILABLE", { retryAfterSeconds: 1 });
  try {
    return await write();
  } catch (error) {
    if (!isUnavailable(error)) throw error;
    const row = await findSessionWithUser(db, session.id).catch(() => undefined);
    if (row?.revokedAt === null) return done;
    endUndelivered(db, session.id);
    throw error;
  }
}

/** After the commit: marks and logs the sessions that the new one replaced. */
export async function recordReplaced(
  db: Kysely<Database>,
  { userId }: Pick<NewSession, "userId">,
  replacedId: string | null,
  { hasRevokedReplaced, revokedOldest }: InsertSessionResult,
  now: Date,
): Promise<void> {
  if (replacedId !== null) markRevoked(replacedId, "replaced by login");
  if (replacedId !== null && hasRevokedReplaced) {
    // Without a user id: the session may be another user's.
    securityEvent("session-ended", { sessionId: replacedId, reason: "replaced by login" });
  }
  if (revokedOldest === 0) return;
  const revoked = revokedOldest + (revokedOldest < REVOCATION_BATCH_SIZE ? 0 : await endRemaining(db, userId, now));
  await syncRevocations(db);
  securityEvent("oldest-sessions-ended", { userId, revoked, reason: "too many sessions" });
}

/** For an account that exceeded the limit before it was introduced. After a fault, the next login ends the rest. */
async function endRemaining(db: Kysely<Database>, userId: string, now: Date): Promise<number> {
  try {
    return await revokeOldestSessions(db, userId, { liveAtMost: MAX_LIVE_SESSIONS, now });
  } catch (error) {
    if (!isUnavailable(error)) log.error({ err: error, userId }, "the oldest sessions could not be ended");
    return 0;
  }
}

/** The tokens of a session that was just opened. If they cannot be issued or delivered, the session is revoked. */
export async function issueFirstTokens(
  db: Kysely<Database>,
  session: Session,
  client: Client,
  now: Date,
): Promise<IssuedTokens> {
  onUndeliveredResponse(() => endUndelivered(db, session.id));
  try {
    return await issueTokens(session, client, now);
  } catch (error) {
    endUndelivered(db, session.id);
    throw error;
  }
}
