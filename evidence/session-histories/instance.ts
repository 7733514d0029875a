import { anotherInstance, clientAt } from "@/server/auth/testing";
import type { Client } from "@/server/auth/client/client";
import { withInterruptions, withoutCrashedAssignments, withoutCrashedWrites } from "./interruptions";
import { SECONDS, type Place } from "./model";

/** Rate limits are effectively disabled because all histories use three addresses. */
const VARIABLES = {
  REFRESH_GRACE_SECONDS: String(SECONDS.grace),
  ACCESS_TOKEN_SECONDS: String(SECONDS.access),
  REFRESH_BEFORE_EXPIRY_SECONDS: "2",
  REFRESH_TOKEN_SECONDS: String(SECONDS.idle),
  SESSION_MAX_SECONDS: String(SECONDS.absolute),
  RATE_LIMIT_FACTOR: "1000000",
};

const CHROME =
  "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/140.0.0.0 Safari/537.36";

export const CLIENTS: Record<Place, Client> = {
  home: clientAt("203.0.113.7"),
  train: clientAt("192.0.2.44"),
  office: clientAt("198.51.100.66", CHROME),
};

export type Instance = Awaited<ReturnType<typeof startInstance>>;

/** One application instance: its own modules, memory and connection pool, and the shared database. */
export async function startInstance(url: string) {
  let revoked = new Map<string, unknown>();
  const modules = await anotherInstance(
    async () => ({
      ...(await import("@/db/connect")),
      ...(await import("@/db/tables/purge")),
      ...(await import("@/db/tables/email-changes")),
      ...(await import("@/db/tables/outgoing-mails")),
      ...(await import("@/server/auth/email/compose-mail")),
      ...(await import("@/server/auth/email/confirm")),
      ...(await import("@/server/auth/email/confirmation-token")),
      ...(await import("@/server/mail/notices")),
      ...(await import("@/server/mail/outbox")),
      ...(await import("@/server/auth/gate/authenticate")),
      ...(await import("@/server/auth/login/change-password")),
      ...(await import("@/server/auth/sessions/end-session")),
      ...(await import("@/server/auth/sessions/issue-tokens")),
      ...(await import("@/server/auth/login/login")),
      ...(await import("@/server/auth/login/logout")),
      ...(await import("@/server/auth/sessions/open-session")),
      ...(await import("@/server/auth/passwords/password")),
      ...(await import("@/server/auth/sessions/refresh")),
      ...(await import("@/server/auth/tokens/refresh-token")),
      ...(await import("@/server/auth/sessions/revocation-feed")),
      ...(await import("@/server/auth/sessions/sessions")),
      ...(await import("@/server/runtime/log")),
    }),
    VARIABLES,
    (shared) => {
      ({ revoked } = shared("portcullis.revocation-feed") as { revoked: Map<string, unknown> });
      withoutCrashedWrites(revoked);
      withoutCrashedWrites((shared("portcullis.pending-revocations") as { pending: Map<string, unknown> }).pending);
      // Otherwise the next contact would be the first after an outage, and no grace window would end for the following histories.
      withoutCrashedAssignments(shared("portcullis.database-loss") as { isCutOff: boolean }, "isCutOff");
    },
  );
  modules.log.level = "silent";
  const forgetRevocation = (sessionId: string) => revoked.delete(sessionId);
  return { ...modules, db: withInterruptions(modules.connect(url)), forgetRevocation };
}
