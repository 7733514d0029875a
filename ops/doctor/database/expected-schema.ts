import type { SchemaFacts } from "./schema-facts";

const ID = "char(36) ascii_bin";
const NONCE = "char(22) ascii_bin";
const INSTANT = "datetime(3)";
const text = (length: number) => `varchar(${length}) utf8mb4_bin`;
const ascii = (length: number) => `varchar(${length}) ascii_bin`;

/** The schema after all migrations. A test compares it with a database that was migrated from empty. */
export const EXPECTED_SCHEMA: SchemaFacts = {
  columns: {
    "users.id": ID,
    "users.email": text(254),
    "users.full_name": text(200),
    "users.password_hash": ascii(255),
    "users.role": ascii(16),
    "users.session_epoch": "int",
    "users.disabled_at": `${INSTANT} null`,
    "users.created_at": INSTANT,
    "users.updated_at": INSTANT,
    "sessions.id": ID,
    "sessions.user_id": ID,
    "sessions.remember": "tinyint",
    "sessions.generation": "int",
    "sessions.current_nonce": NONCE,
    "sessions.previous_nonce": `${NONCE} null`,
    "sessions.rotated_at": INSTANT,
    "sessions.handed_at": INSTANT,
    "sessions.created_at": INSTANT,
    "sessions.last_seen_at": INSTANT,
    "sessions.idle_expires_at": INSTANT,
    "sessions.absolute_expires_at": INSTANT,
    "sessions.ip": ascii(45),
    "sessions.user_agent": text(512),
    "sessions.browser": text(64),
    "sessions.os": text(64),
    "sessions.device_type": text(16),
    "sessions.recovered_at": `${INSTANT} null`,
    "sessions.recoveries": "int",
    "sessions.revoked_at": `${INSTANT} null`,
    "sessions.revoked_reason": `${ascii(32)} null`,
    "sessions.authenticated_at": `${INSTANT} null`,
    "rate_limits.bucket": "char(64) ascii_bin",
    "rate_limits.hits": "int",
    "rate_limits.expires_at": INSTANT,
    "rate_limits.recent": ascii(210),
    "heartbeats.name": ascii(64),
    "heartbeats.written_at": INSTANT,
  },
  indexes: {
    "users.PRIMARY": "unique id",
    "users.users_email": "unique email",
    "sessions.PRIMARY": "unique id",
    "sessions.sessions_user_id_revoked_at": "user_id, revoked_at",
    "sessions.sessions_revoked_at": "revoked_at",
    "sessions.sessions_idle_expires_at": "idle_expires_at",
    "rate_limits.PRIMARY": "unique bucket",
    "rate_limits.rate_limits_expires_at": "expires_at",
    "heartbeats.PRIMARY": "unique name",
  },
  foreignKeys: { "sessions.sessions_user": "user_id of users.id, on delete cascade" },
  engines: { users: "InnoDB", sessions: "InnoDB", rate_limits: "InnoDB", heartbeats: "InnoDB" },
};
