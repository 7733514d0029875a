import "server-only";
import { isUnavailable } from "@/db/faults";
import { writeHeartbeat } from "@/db/heartbeats";
import { isMigrated } from "@/db/migrate";
import { revocationFeedHasStarted } from "./auth/revocation-feed";
import { database } from "./database";
import { log } from "./log";

/** Probes are not limited: however many come, the database is asked about once a second. */
const KEPT_MILLISECONDS = 1000;

let asked: { answer: Promise<boolean>; answeredAt: number | null } | null = null;

/** Whether this instance can do all of its work now. Never throws: whatever stands in the way, the answer is no. */
export async function isReady(): Promise<boolean> {
  if (!revocationFeedHasStarted()) return false;
  const isOld = asked?.answeredAt != null && performance.now() - asked.answeredAt > KEPT_MILLISECONDS;
  if (asked === null || isOld) asked = askDatabase();
  return asked.answer;
}

function askDatabase(): NonNullable<typeof asked> {
  const question = { answer: databaseIsReady(), answeredAt: null as number | null };
  void question.answer.then(() => (question.answeredAt = performance.now()));
  return question;
}

async function databaseIsReady(): Promise<boolean> {
  const db = database();
  try {
    if (!(await isMigrated(db))) return false;
    await writeHeartbeat(db, "readiness");
    return true;
  } catch (error) {
    // A missing privilege, say: nothing that waiting mends, and this instance is as unfit.
    if (!isUnavailable(error)) log.error({ err: error }, "not ready: the database cannot be written to");
    return false;
  }
}
