import "server-only";
import type { Kysely } from "kysely";
import { v7 as uuidv7 } from "uuid";
import type { Database, User } from "@/db/schema";
import { wasNeverSignedIn, type InsertSessionResult } from "@/db/tables/sessions";
import { insertUserWithSession, type NewAccount } from "@/db/tables/users";
import { securityEvent } from "@/server/runtime/security-events";
import type { Client } from "@/server/auth/client/client";
import { sessionIdOfToken } from "@/server/auth/sessions/end-session";
import type { IssuedTokens } from "@/server/auth/sessions/issue-tokens";
import { newVerificationMail } from "@/server/auth/email/verify-email";
import type { RegisterInput } from "@/server/auth/inputs/inputs";
import type { Authenticated } from "./complete-login";
import { login } from "./login";
import { issueFirstTokens, ASSUMED_RESULT, recordReplaced, confirmInsert } from "@/server/auth/sessions/open-session";
import { hashPassword } from "@/server/auth/passwords/password";
import { refuseWeakPassword } from "@/server/auth/passwords/password-strength";
import { Refusal, type RefusalDetails } from "@/server/auth/policy/refusals";
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

  const user = { ...input, id: uuidv7(), passwordHash: await hashPassword(input.password) };
  const how = { remember: input.remember, methods: ["password"] as const };
  const created = await createAccount(db, user, how, client, { presentedRefreshToken, now }, (account) =>
    insertUserWithSession(db, account.user, account.session, account.replacedId, account.mail),
  );
  return created === "taken" ? repeatRegistration(db, input, client, presentedRefreshToken, now) : created;
}

/** Inserts an account with its first session, by `insert`, and issues its tokens. The last step of every kind of registration. */
export async function createAccount<Refused extends string>(
  db: Kysely<Database>,
  { id, email, fullName, passwordHash }: Pick<User, "id" | "email" | "fullName" | "passwordHash">,
  { remember, methods }: Authenticated,
  client: Client,
  { presentedRefreshToken, now }: { presentedRefreshToken: string | null; now: Date },
  insert: (account: NewAccount) => Promise<InsertSessionResult | Refused>,
): Promise<IssuedTokens | Refused> {
  const state = { role: "user", emailVerifiedAt: null, sessionEpoch: 0, createdAt: now, updatedAt: now };
  const user = { id, email, fullName, passwordHash, ...state };
  const session = newSession(user.id, remember, client, now, methods);
  const replacedId = await sessionIdOfToken(presentedRefreshToken, now);
  const mail = newVerificationMail(user, session.id, now);
  const write = () => insert({ user, session, replacedId, mail });
  const opened = await confirmInsert<InsertSessionResult | Refused>(db, session, write, ASSUMED_RESULT);
  if (typeof opened === "string") return opened;
  await recordReplaced(db, session, replacedId, opened, now);

  const ids = { sessionId: session.id, userId: user.id };
  securityEvent("account-registered", { ...ids, address: client.address, methods });
  return issueFirstTokens(db, openedSession(session, user), client, now);
}

export function emailTaken(details: RefusalDetails = {}): Refusal {
  return new Refusal("EMAIL_TAKEN", { ...details, fields: { email: "An account with this email already exists." } });
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
  const taken = emailTaken();
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
