import type { Migration } from "kysely";
import * as createUsers from "./2026-11-21T1000-create-users";
import * as createSessions from "./2026-11-21T1001-create-sessions";
import * as indexSessionsByUser from "./2026-11-21T1002-index-sessions-by-user";
import * as indexSessionsByRevocation from "./2026-11-21T1003-index-sessions-by-revocation";
import * as indexSessionsByIdleExpiry from "./2026-11-21T1004-index-sessions-by-idle-expiry";
import * as createRateLimits from "./2026-11-21T1005-create-rate-limits";
import * as indexRateLimitsByExpiry from "./2026-11-21T1006-index-rate-limits-by-expiry";
import * as addRecentHitsToRateLimits from "./2026-11-29T1000-add-recent-hits-to-rate-limits";
import * as createHeartbeats from "./2026-11-29T1100-create-heartbeats";
import * as mapEmailDomains from "./2026-11-29T1200-map-email-domains";
import * as addAuthenticatedAtToSessions from "./2026-11-30T1000-add-authenticated-at-to-sessions";
import * as addAccountDatesToUsers from "./2026-11-30T1100-add-account-dates-to-users";
import * as indexUsersByDeletion from "./2026-11-30T1101-index-users-by-deletion";
import * as createConfirmations from "./2026-11-30T1102-create-confirmations";
import * as indexConfirmationsByEmail from "./2026-11-30T1103-index-confirmations-by-email";
import * as indexConfirmationsByExpiry from "./2026-11-30T1104-index-confirmations-by-expiry";
import * as createOutgoingMails from "./2026-11-30T1105-create-outgoing-mails";
import * as indexOutgoingMailsByAttempt from "./2026-11-30T1106-index-outgoing-mails-by-attempt";
import * as indexOutgoingMailsByCreation from "./2026-11-30T1107-index-outgoing-mails-by-creation";
import * as indexHeartbeatsByTime from "./2026-11-30T1200-index-heartbeats-by-time";
import * as createTotpSecrets from "./2026-11-30T1300-create-totp-secrets";
import * as createRecoveryCodes from "./2026-11-30T1301-create-recovery-codes";
import * as createPasskeys from "./2026-11-30T1302-create-passkeys";
import * as createChallenges from "./2026-11-30T1303-create-challenges";
import * as indexChallengesByExpiry from "./2026-11-30T1304-index-challenges-by-expiry";
import * as addAuthenticationMethodsToSessions from "./2026-11-30T1305-add-authentication-methods-to-sessions";
import * as createSigningKeys from "./2026-11-30T1400-create-signing-keys";
import * as addLockCountToUsers from "./2026-11-30T1500-add-lock-count-to-users";

/** By name, in order. A migration is frozen once shipped: a change is a new migration at the end. */
export const MIGRATIONS: Record<string, Migration> = {
  "2026-11-21T1000-create-users": createUsers,
  "2026-11-21T1001-create-sessions": createSessions,
  "2026-11-21T1002-index-sessions-by-user": indexSessionsByUser,
  "2026-11-21T1003-index-sessions-by-revocation": indexSessionsByRevocation,
  "2026-11-21T1004-index-sessions-by-idle-expiry": indexSessionsByIdleExpiry,
  "2026-11-21T1005-create-rate-limits": createRateLimits,
  "2026-11-21T1006-index-rate-limits-by-expiry": indexRateLimitsByExpiry,
  "2026-11-29T1000-add-recent-hits-to-rate-limits": addRecentHitsToRateLimits,
  "2026-11-29T1100-create-heartbeats": createHeartbeats,
  "2026-11-29T1200-map-email-domains": mapEmailDomains,
  "2026-11-30T1000-add-authenticated-at-to-sessions": addAuthenticatedAtToSessions,
  "2026-11-30T1100-add-account-dates-to-users": addAccountDatesToUsers,
  "2026-11-30T1101-index-users-by-deletion": indexUsersByDeletion,
  "2026-11-30T1102-create-confirmations": createConfirmations,
  "2026-11-30T1103-index-confirmations-by-email": indexConfirmationsByEmail,
  "2026-11-30T1104-index-confirmations-by-expiry": indexConfirmationsByExpiry,
  "2026-11-30T1105-create-outgoing-mails": createOutgoingMails,
  "2026-11-30T1106-index-outgoing-mails-by-attempt": indexOutgoingMailsByAttempt,
  "2026-11-30T1107-index-outgoing-mails-by-creation": indexOutgoingMailsByCreation,
  "2026-11-30T1200-index-heartbeats-by-time": indexHeartbeatsByTime,
  "2026-11-30T1300-create-totp-secrets": createTotpSecrets,
  "2026-11-30T1301-create-recovery-codes": createRecoveryCodes,
  "2026-11-30T1302-create-passkeys": createPasskeys,
  "2026-11-30T1303-create-challenges": createChallenges,
  "2026-11-30T1304-index-challenges-by-expiry": indexChallengesByExpiry,
  "2026-11-30T1305-add-authentication-methods-to-sessions": addAuthenticationMethodsToSessions,
  "2026-11-30T1400-create-signing-keys": createSigningKeys,
  "2026-11-30T1500-add-lock-count-to-users": addLockCountToUsers,
};
