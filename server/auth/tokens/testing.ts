import type { Kysely } from "kysely";
import { findSessionWithUser } from "@/db/tables/sessions";
import type { Database } from "@/db/schema";
import { SCOPES, type Scope } from "@/server/auth/policy/scopes";
import { env } from "@/server/runtime/env";
import { readKeys } from "./bearer-key-feed";
import { mintBearerToken } from "./bearer-token";

/** A bearer token of a session, by default for this app and with every scope. */
export async function bearerToken(
  db: Kysely<Database>,
  sessionId: string,
  now: Date,
  { audience = env().APP_ORIGIN, scopes = SCOPES }: { audience?: string; scopes?: readonly Scope[] } = {},
): Promise<string> {
  await readKeys(db);
  const { userId, email, fullName, role, absoluteExpiresAt, createdAt } = (await findSessionWithUser(db, sessionId))!;
  const subject = {
    user: { id: userId, email, fullName, role },
    isEmailVerified: true,
    sessionId,
    authenticatedAt: createdAt,
    authenticationMethods: ["pwd"],
    absoluteExpiresAt,
  };
  return (await mintBearerToken(subject, { audience, scopes }, now)).token;
}
