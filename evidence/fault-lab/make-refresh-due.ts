import { sql } from "kysely";
import type { Browser } from "./browser";

/** Moves the last rotation one hour into the past, so that the next request has to refresh. */
export async function makeRefreshDue(browser: Browser): Promise<void> {
  const { sessionId, lab } = browser;
  if (sessionId === null) throw new Error("The browser has no session.");
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
