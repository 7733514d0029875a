import "server-only";
import { isUnavailable } from "@/db/faults";
import { isMigrated } from "@/db/migrate";
import { revocationFeedHasStarted } from "./auth/revocation-feed";
import { database } from "./database";

/** Whether this instance can do all of its work now. */
export async function isReady(): Promise<boolean> {
  return revocationFeedHasStarted() && (await databaseIsReady());
}

async function databaseIsReady(): Promise<boolean> {
  try {
    return await isMigrated(database());
  } catch (error) {
    if (isUnavailable(error)) return false;
    throw error;
  }
}
