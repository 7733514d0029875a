import "server-only";
import { isUnavailable } from "@/db/faults";
import { writeHeartbeat } from "@/db/tables/heartbeats";
import { isMigrated } from "@/db/migrate";
import { revocationFeedHasStarted } from "./auth/sessions/revocation-feed";
import { database } from "./runtime/database";
import { log } from "./runtime/log";
import { cachedCheck } from "./runtime/cached-check";

/** Probes are not rate limited: however many come, the database is asked about once a second. */
const canWrite = cachedCheck(databaseIsReady, 1000);

/** Whether this instance can do all of its work now. Never throws: whatever stands in the way, the answer is no. */
export async function isReady(): Promise<boolean> {
  return revocationFeedHasStarted() && canWrite();
}

async function databaseIsReady(): Promise<boolean> {
  const db = database();
  try {
    if (!(await isMigrated(db))) return false;
    await writeHeartbeat(db, "readiness");
    return true;
  } catch (error) {
    // A missing privilege, say: waiting does not mend it, and this instance can serve no more than with the database down.
    if (!isUnavailable(error)) log.error({ err: error }, "not ready: the database cannot be written to");
    return false;
  }
}
