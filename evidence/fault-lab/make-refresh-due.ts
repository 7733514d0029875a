import { sql } from "kysely";
import type { Browser } from "./browser";

/** As if the session had last been refreshed an hour ago: its next request has to refresh. Waiting would do the same. */
export async function makeDue(browser: Browser): Promise<void> {
  const { sessionId, lab } = browser;
  if (sessionId === null) throw new Error("There is no session whose time could be moved.");
  browser.jar.dropAccessToken();
  await lab.stack.db
    .updateTable("sessions")
    .set({
      rotatedAt: sql<Date>`rotated_at - interval 1 hour`,
      handedAt: sql<Date>`handed_at - interval 1 hour`,
    })
    .where("id", "=", sessionId)
    .execute();
}
