import "server-only";
import type { Kysely } from "kysely";
import type { Database } from "@/db/schema";
import { findSessionWithUser } from "@/db/tables/sessions";
import type { Caller } from "@/server/auth/policy/credentials";
import { Refusal } from "@/server/auth/policy/refusals";
import { env } from "@/server/runtime/env";
import { issueBearerToken } from "./issue-tokens";
import { hasEnded } from "./rotation";

/** A bearer token of the caller's session, by default for this app. Refuses an audience that the configuration does not name. */
export async function requestBearerToken(
  db: Kysely<Database>,
  { session: { id } }: Caller,
  audience: string | undefined,
  now: Date,
): Promise<{ token: string; expiresAt: Date }> {
  const { APP_ORIGIN, API_AUDIENCES } = env();
  if (audience !== undefined && audience !== APP_ORIGIN && !API_AUDIENCES.includes(audience))
    throw new Refusal("BAD_INPUT", { fields: { audience: "There is no such service." } });
  // The row, because the token outlives the request: its role is that of now, and an ended session gets none.
  const session = await findSessionWithUser(db, id);
  if (session === undefined || hasEnded(session, now)) throw new Refusal("SESSION_ENDED");
  return issueBearerToken(session, audience ?? APP_ORIGIN, now);
}
