import "server-only";
import type { Kysely } from "kysely";
import { v7 as uuidv7 } from "uuid";
import type { Database } from "@/db/schema";
import { wasNeverSignedIn } from "@/db/tables/sessions";
import { insertUserWithSession } from "@/db/tables/users";
import { securityEvent } from "@/server/runtime/security-events";
import type { Client } from "@/server/auth/client/client";
import { sessionIdOfToken } from "@/server/auth/sessions/end-session";
import type { IssuedTokens } from "@/server/auth/sessions/issue-tokens";
import { newVerificationMail } from "@/server/auth/email/verify-email";
import type { RegisterInput } from "@/server/auth/inputs/inputs";
import { login } from "./login";
import { issueFirstTokens, ASSUMED_RESULT, recordReplaced, confirmInsert } from "@/server/auth/sessions/open-session";
import { hashPassword } from "@/server/auth/passwords/password";
import { refuseWeakPassword } from "@/server/auth/passwords/password-strength";
import { Refusal } from "@/server/auth/policy/refusals";
import { registrationLimit, consume } from "@/server/auth/rate-limits/rate-limit";
import { openedSession, newSession } from "@/server/auth/sessions/sessions";

/** Creates an account and opens its first session. */
export async function register(
  db: Kysely<Database>,
  input: RegisterInput,
  client: Client,
  presentedRefreshToken: string | null,
  now: Date,
): Promise<IssuedTokens> {
  await consume(db, registrationLimit(client), now);
  await refuseWeakPassword("password", input.password, input);

  const user = {
    id: uuidv7(),
    email: input.email,
    fullName: input.fullName,
    passwordHash: await hashPassword(input.password),
    role: "user",
    emailVerifiedAt: null,
    sessionEpoch: 0,
    createdAt: now,
    updatedAt: now,
  };
  const session = newSession(user.id, input.remember, client, now);
  const replacedId = await sessionIdOfToken(presentedRefreshToken, now);
  const mail = newVerificationMail(user, session.id, now);
  const write = () => insertUserWithSession(db, user, session, replacedId, mail);
  const opened = await confirmInsert(db, session, write, ASSUMED_RESULT);
  if (opened === "taken") return repeatRegistration(db, input, client, presentedRefreshToken, now);
  await recordReplaced(db, session, replacedId, opened, now);

  securityEvent("account-registered", { sessionId: session.id, userId: user.id, address: client.address });
  return issueFirstTokens(db, openedSession(session, user), client, now);
}

/**
 * A registration whose response was lost may be repeated and then finds its own account. With the right password it becomes a login,
 * counted by the limits of a login, as long as no session of the account was ever delivered.
 */
async function repeatRegistration(
  db: Kysely<Database>,
  { email, password, remember }: RegisterInput,
  client: Client,
  presentedRefreshToken: string | null,
  now: Date,
): Promise<IssuedTokens> {
  const taken = new Refusal("EMAIL_TAKEN", { fields: { email: "An account with this email already exists." } });
  if (!(await wasNeverSignedIn(db, email))) throw taken;
  try {
    const result = await login(db, { email, password, remember }, client, presentedRefreshToken, now);
    // A session that was never delivered cannot have added a second factor.
    if (result.kind === "second-factor") throw taken;
    return result;
  } catch (error) {
    throw error instanceof Refusal && error.reason === "INVALID_CREDENTIALS" ? taken : error;
  }
}
