import type { BrowserContext } from "@playwright/test";
import { connect } from "@/db/connect";
import type { Account } from "./accounts";
import { expireAccessToken } from "./cookies";
import type { DedicatedServer } from "./dedicated-server";

const HOUR_MS = 3_600_000;

/** Moves the logins and the last refreshes of a user an hour into the past. The browser learns of it with its next access token. */
export async function ageLogins(server: DedicatedServer, { id }: Account, context: BrowserContext): Promise<void> {
  const db = connect(server.database.url);
  const past = new Date(Date.now() - HOUR_MS);
  const columns = { authenticatedAt: past, rotatedAt: past, handedAt: past };
  await db.updateTable("sessions").set(columns).where("userId", "=", id).execute();
  await db.destroy();
  await expireAccessToken(context);
}
