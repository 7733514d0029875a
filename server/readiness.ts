import "server-only";
import { isUnavailable } from "@/db/faults";
import { writeHeartbeat } from "@/db/tables/heartbeats";
import { isMigrated } from "@/db/migrate";
import { hasRevocationFeedStarted } from "./auth/sessions/revocation-feed";
import { hasKeyFeedStarted } from "./auth/tokens/bearer-key-feed";
import { database } from "./runtime/database";
import { log } from "./runtime/log";
import { cachedCheck } from "./runtime/cached-check";

/** Probes are not rate limited, so that the result is cached: the database is checked at most about once a second. */
const databaseIsReady = cachedCheck(checkDatabase, 1000);

/** Whether this instance can serve every request now. Never throws. */
export async function isReady(): Promise<boolean> {
  return hasRevocationFeedStarted() && hasKeyFeedStarted() && databaseIsReady();
}

async function checkDatabase(): Promise<boolean> {
  const db = database();
  try {
    if (!(await isMigrated(db))) return false;
    await writeHeartbeat(db, "readiness");
    return true;
  } catch (error) {
    // For example a missing privilege. The instance is as unusable as without a database, but an operator must act.
    if (!isUnavailable(error)) log.error({ err: error }, "not ready: cannot write to the database");
    return false;
  }
}
