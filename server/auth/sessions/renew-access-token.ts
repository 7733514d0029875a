import "server-only";
import type { Kysely } from "kysely";
import type { Database } from "@/db/schema";
import { findSessionWithUser } from "@/db/tables/sessions";
import type { Client } from "@/server/auth/client/client";
import { Refusal } from "@/server/auth/policy/refusals";
import { issueAccessToken, type IssuedTokens } from "./issue-tokens";
import { hasEnded } from "./rotation";

/** An access token that contains what was written to the session since the last one. Refuses a session that has ended. */
export async function renewAccessToken(
  db: Kysely<Database>,
  sessionId: string,
  client: Client,
  now: Date,
): Promise<IssuedTokens> {
  const session = await findSessionWithUser(db, sessionId);
  if (session === undefined || hasEnded(session, now)) throw new Refusal("SESSION_ENDED");
  return issueAccessToken(session, client, now);
}
