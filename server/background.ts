import "server-only";
import type { Kysely } from "kysely";
import { isUnavailable } from "@/db/faults";
import { purgeExpiredLimits } from "@/db/tables/rate-limits";
import type { Database } from "@/db/schema";
import { findDueDeletions, purgeAccount } from "@/db/tables/deletions";
import { purgeHeartbeats } from "@/db/tables/heartbeats";
import { purgeChallenges, purgeConfirmations, purgeEnded, purgeMails } from "@/db/tables/purge";
import {
  CHALLENGE_RETENTION_SECONDS,
  ENDED_CONFIRMATION_RETENTION_SECONDS,
  ENDED_SESSION_RETENTION_SECONDS,
  MAIL_RETENTION_SECONDS,
} from "./auth/policy/lifetimes";
import { startRevocationFeed } from "./auth/sessions/revocation-feed";
import { purgeKeys, startKeyFeed, type UnreadableKey } from "./auth/tokens/bearer-key-feed";
import { composeMail } from "./auth/email/compose-mail";
import { startMailDelivery } from "./mail/delivery";
import { removeOldMailFiles } from "./mail/file-transport";
import { mailSettings } from "./mail/mail-settings";
import { database } from "./runtime/database";
import { log } from "./runtime/log";
import { securityCounts, securityEvent } from "./runtime/security-events";

const PURGE_EVERY_MILLISECONDS = 60_000;
const PURGE_BATCH_SIZE = 500;
const HEARTBEAT_RETENTION_SECONDS = 3600;
const COUNTS_EVERY_MILLISECONDS = 60_000;

const ENTRY_MARKER = Symbol.for("portcullis.entry");

/** Called once per process, before the first request. Throws without our HTTP entry: a client could then spoof its address. */
export function startBackgroundWork(): void {
  if (!(ENTRY_MARKER in globalThis))
    throw new Error("Start the app with `npm start`: it must run behind its own HTTP entry (server/main.ts).");
  startRevocationFeed(database());
  startKeyFeed(database(), stopProcess);
  startMailDelivery(database(), (mail) => composeMail(database(), mail, new Date()));
  setInterval(() => void purge(new Date()), PURGE_EVERY_MILLISECONDS).unref();
  setInterval(() => log.info({ counts: securityCounts() }, "security event counts"), COUNTS_EVERY_MILLISECONDS).unref();
}

/** Until its first read of the keys an instance is not ready, so that no user has been served. */
function stopProcess(reason: UnreadableKey): void {
  log.fatal({ err: reason }, "start refused");
  process.stderr.write(`${reason.message}\n`);
  process.exit(1);
}

/** Deletes old sessions, links and mails, expired rate limits, heartbeats of stopped instances, dropped keys and due accounts, outside of requests. */
async function purge(now: Date): Promise<void> {
  const db = database();
  const batch = PURGE_BATCH_SIZE;
  const [sessions, mails] = [ENDED_SESSION_RETENTION_SECONDS, MAIL_RETENTION_SECONDS];
  const confirmations = ENDED_CONFIRMATION_RETENTION_SECONDS;
  try {
    while ((await purgeEnded(db, now, { olderThanSeconds: sessions, batch })) === batch);
    while ((await purgeExpiredLimits(db, now, batch)) === batch);
    while ((await purgeConfirmations(db, now, { olderThanSeconds: confirmations, batch })) === batch);
    while ((await purgeChallenges(db, now, { olderThanSeconds: CHALLENGE_RETENTION_SECONDS, batch })) === batch);
    while ((await purgeMails(db, now, { olderThanSeconds: mails, batch })) === batch);
    await purgeHeartbeats(db, HEARTBEAT_RETENTION_SECONDS);
    await purgeKeys(db);
    await purgeDueAccounts(db, now);
    const settings = mailSettings();
    if (settings.kind === "files") await removeOldMailFiles(settings.folder, now);
  } catch (error) {
    if (!isUnavailable(error)) log.error({ err: error }, "purge failed");
  }
}

/** Deletes the accounts whose deletion is due. One that is locked or was undone is left out, and seen again by the next purge. */
export async function purgeDueAccounts(db: Kysely<Database>, now: Date): Promise<void> {
  for (const userId of await findDueDeletions(db, now, PURGE_BATCH_SIZE)) {
    if (await purgeAccount(db, userId, now, PURGE_BATCH_SIZE)) securityEvent("account-purged", { userId });
  }
}
