import type { Generated, Insertable, Selectable } from "kysely";

export interface Database {
  users: UsersTable;
  sessions: SessionsTable;
  rateLimits: RateLimitsTable;
  heartbeats: HeartbeatsTable;
}

interface UsersTable {
  id: string;
  email: string;
  fullName: string;
  passwordHash: string;
  role: Generated<string>;
  /** Incremented whenever all sessions end; a login that read an older epoch opens no session. */
  sessionEpoch: Generated<number>;
  disabledAt: Generated<Date | null>;
  createdAt: Date;
  updatedAt: Date;
}

interface SessionsTable {
  id: string;
  userId: string;
  remember: boolean;
  generation: number;
  currentNonce: string;
  previousNonce: string | null;
  rotatedAt: Date;
  handedAt: Date;
  createdAt: Date;
  /** When the user last authenticated; null if that was at `createdAt`, in rows of a version before this column. */
  authenticatedAt: Date | null;
  lastSeenAt: Date;
  /** Never later than `absoluteExpiresAt`, so that one index finds every expired session. */
  idleExpiresAt: Date;
  absoluteExpiresAt: Date;
  ip: string;
  userAgent: string;
  browser: string;
  os: string;
  deviceType: string;
  recoveredAt: Generated<Date | null>;
  recoveries: Generated<number>;
  /** By the database's clock, which all instances share. */
  revokedAt: Generated<Date | null>;
  revokedReason: Generated<string | null>;
}

interface RateLimitsTable {
  bucket: string;
  hits: number;
  /** The time of each hit, see `countHit`. Empty in a row written by a version before this column. */
  recent: Generated<string>;
  expiresAt: Date;
}

interface HeartbeatsTable {
  name: string;
  writtenAt: Date;
}

export type User = Selectable<UsersTable>;
export type NewUser = Insertable<UsersTable>;
export type SessionRow = Selectable<SessionsTable>;
export type NewSession = Pick<
  Insertable<SessionsTable>,
  | "id"
  | "userId"
  | "remember"
  | "generation"
  | "currentNonce"
  | "rotatedAt"
  | "handedAt"
  | "createdAt"
  | "lastSeenAt"
  | "idleExpiresAt"
  | "absoluteExpiresAt"
  | "ip"
  | "userAgent"
  | "browser"
  | "os"
  | "deviceType"
> & { authenticatedAt: Date };
