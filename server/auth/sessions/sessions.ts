import "server-only";
import type { Kysely } from "kysely";
import { v7 as uuidv7 } from "uuid";
import type { Database, NewSession, User } from "@/db/schema";
import {
  findSessionOwner,
  rotateSession,
  listLiveSessions,
  moveSessionForward,
  replaceLostToken,
  extendReissueWindow,
  type SessionWithUser,
} from "@/db/tables/sessions";
import { env } from "@/server/runtime/env";
import { authenticationValues, type AuthenticationMethod } from "@/server/auth/policy/authentication-methods";
import { callerIds, type Identity } from "@/server/auth/policy/credentials";
import type { Client } from "@/server/auth/client/client";
import {
  earlierOf,
  MAX_LIVE_SESSIONS,
  MAX_REPLICATION_LAG_SECONDS,
  secondsAfter,
  secondsBetween,
} from "@/server/auth/policy/lifetimes";
import { Refusal } from "@/server/auth/policy/refusals";
import { newNonce, successorNonce, type PresentedRefreshToken } from "@/server/auth/tokens/refresh-token";

/** A session with its user, as far as rotation and tokens need them. */
export type Session = Omit<
  SessionWithUser,
  "recoveredAt" | "recoveries" | "revokedReason" | "sessionEpoch" | "userDeletesAt"
>;

/** The row of a new session, for a user who just authenticated. */
export function newSession(
  userId: string,
  remember: boolean,
  client: Client,
  now: Date,
  methods: readonly AuthenticationMethod[] = ["password"],
): NewSession {
  const { REFRESH_TOKEN_SECONDS, SESSION_MAX_SECONDS } = env();
  // Stored in the row: a session keeps the limit that applied when it was opened.
  const absoluteExpiresAt = secondsAfter(now, SESSION_MAX_SECONDS);
  return {
    // The time in the id is the row's `createdAt`, see `sessionOpenedAt`.
    id: uuidv7({ msecs: now.getTime() }),
    userId,
    remember,
    generation: 0,
    currentNonce: newNonce(),
    rotatedAt: now,
    handedAt: now,
    createdAt: now,
    authenticatedAt: now,
    authenticationMethods: authenticationValues(methods).join(" "),
    lastSeenAt: now,
    idleExpiresAt: earlierOf(secondsAfter(now, REFRESH_TOKEN_SECONDS), absoluteExpiresAt),
    absoluteExpiresAt,
    ...clientColumns(client),
  };
}

/**
 * When a session was opened, from its id (UUIDv7, RFC 9562, section 5.7): access tokens contain only the time of the last
 * authentication, which may be later. For any other id the earliest time, so that a logout everywhere includes the session.
 */
export function sessionOpenedAt(id: string): Date {
  return new Date(id[14] === "7" ? parseInt(id.slice(0, 8) + id.slice(9, 13), 16) : 0);
}

/** Whether a session that is not there was opened so recently that its row may not have been replicated to this database yet. */
export async function isRowAwaited(db: Kysely<Database>, id: string, now: Date): Promise<boolean> {
  if (secondsBetween(sessionOpenedAt(id), now) > MAX_REPLICATION_LAG_SECONDS) return false;
  return (await findSessionOwner(db, id)) === undefined;
}

/** The columns of a user that a session's tokens contain. */
export type TokenUser = Pick<User, "email" | "fullName" | "role" | "emailVerifiedAt">;

/** A session that was just opened, with its user. */
export function openedSession(session: NewSession, user: TokenUser): Session {
  const { email, fullName, role, emailVerifiedAt } = user;
  const none = { previousNonce: null, revokedAt: null, userDisabledAt: null };
  return { ...session, ...none, email, fullName, role, emailVerifiedAt };
}

/** Creates the successor by one conditional statement. Null if another request was faster, or the session ended. */
export async function rotate(
  db: Kysely<Database>,
  session: Session,
  { key }: PresentedRefreshToken,
  client: Client,
  now: Date,
): Promise<Session | null> {
  const nonce = successorNonce(session, key);
  const contact = contactOf(session, client, now);
  const advanced = await rotateSession(db, {
    id: session.id,
    fromNonce: session.currentNonce,
    toNonce: nonce,
    handedAt: session.handedAt,
    ...contact,
  });
  return advanced ? { ...successorOf(session, nonce, contact), previousNonce: session.currentNonce } : null;
}

/** Issues the same successor again, for a client that still has the previous token. */
export async function reissue(db: Kysely<Database>, session: Session, now: Date): Promise<Session | null> {
  const { id, currentNonce, previousNonce } = session;
  const extended = await extendReissueWindow(db, { id, currentNonce, previousNonce, now });
  return extended ? { ...session, handedAt: now } : null;
}

/** Creates a replacement for a successor that was not delivered, and invalidates that one. */
export async function recover(
  db: Kysely<Database>,
  session: Session,
  { key }: PresentedRefreshToken,
  client: Client,
  now: Date,
): Promise<Session | null> {
  const nonce = successorNonce(session, key);
  const contact = contactOf(session, client, now);
  const { id, currentNonce, previousNonce, handedAt } = session;
  const judged = { id, currentNonce, previousNonce, handedAt };
  const replaced = await replaceLostToken(db, { ...judged, toNonce: nonce, ...contact });
  return replaced ? successorOf(session, nonce, contact) : null;
}

/**
 * For a token whose rotation the database has lost: restores the state of the row that the token proves, by one conditional statement.
 * `handedAt` is now, because responses from before the loss may still be in transit. Null as in `rotate`.
 */
export async function moveForward(
  db: Kysely<Database>,
  session: Session,
  presented: PresentedRefreshToken,
  client: Client,
  now: Date,
): Promise<Session | null> {
  const { generation, nonce, previousNonce, issuedAt, expiresAt } = presented;
  const proven = {
    generation,
    currentNonce: nonce,
    previousNonce,
    rotatedAt: issuedAt,
    handedAt: now,
    lastSeenAt: now,
    idleExpiresAt: expiresAt,
    ...clientColumns(client),
  };
  const { id, currentNonce, handedAt } = session;
  const moved = await moveSessionForward(db, { id, judged: { currentNonce, handedAt }, proven, now });
  return moved ? { ...session, ...proven } : null;
}

/** A session as shown to its user. Contains no token. */
export interface DeviceSession {
  id: string;
  current: boolean;
  device: { browser: string; os: string; type: string };
  ip: string;
  createdAt: string;
  lastSeenAt: string;
  /** When the session ends unless it is used. */
  expiresAt: string;
  /** When it last recovered from a lost response. Absent if it never did. */
  recoveredAt?: string;
}

/** Most recently seen first. Refuses a caller whose own session is no longer live. */
export async function listSessions(db: Kysely<Database>, caller: Identity, now: Date): Promise<DeviceSession[]> {
  const rows = await listLiveSessions(db, callerIds(caller), { now, atMost: MAX_LIVE_SESSIONS });
  if (rows === null) throw new Refusal("SESSION_ENDED");
  return rows.map((row) => ({
    id: row.id,
    current: row.id === caller.session.id,
    device: { browser: row.browser, os: row.os, type: row.deviceType },
    ip: row.ip,
    createdAt: row.createdAt.toISOString(),
    lastSeenAt: row.lastSeenAt.toISOString(),
    expiresAt: row.idleExpiresAt.toISOString(),
    ...(row.recoveredAt === null ? {} : { recoveredAt: row.recoveredAt.toISOString() }),
  }));
}

/** The columns that each new refresh token updates from the client. */
function contactOf(session: Session, client: Client, now: Date) {
  const idleExpiresAt = earlierOf(secondsAfter(now, env().REFRESH_TOKEN_SECONDS), session.absoluteExpiresAt);
  return { now, idleExpiresAt, ...clientColumns(client) };
}

function successorOf(session: Session, nonce: string, { now, ...columns }: ReturnType<typeof contactOf>): Session {
  return {
    ...session,
    ...columns,
    generation: session.generation + 1,
    currentNonce: nonce,
    rotatedAt: now,
    handedAt: now,
    lastSeenAt: now,
  };
}

function clientColumns(client: Client) {
  const { address, userAgent, browser, os, type } = client;
  return { ip: address, userAgent, browser, os, deviceType: type };
}
