import "server-only";
import type { Kysely } from "kysely";
import { v7 as uuidv7 } from "uuid";
import type { Database } from "@/db/schema";
import { insertUser } from "@/db/users";
import { securityEvent } from "@/server/security-log";
import type { Client } from "./client";
import { endReplacedSession } from "./end-session";
import { grantBoth, type Grant } from "./grants";
import type { RegisterInput } from "./inputs";
import { hashPassword } from "./password";
import { refuseWeakPassword } from "./password-strength";
import { Refusal } from "./policy/refusals";
import { registrationsFrom, spend } from "./rate-limit";
import { openSession } from "./sessions";

/** Makes an account and signs its owner in. */
export async function register(
  db: Kysely<Database>,
  input: RegisterInput,
  client: Client,
  presentedRefreshToken: string | null,
  now: Date,
): Promise<Grant> {
  await spend(db, registrationsFrom(client), now);
  await refuseWeakPassword("password", input.password, input);

  const user = {
    id: uuidv7(),
    email: input.email,
    fullName: input.fullName,
    passwordHash: await hashPassword(input.password),
    role: "user",
    sessionEpoch: 0,
    createdAt: now,
    updatedAt: now,
  };
  const { kind } = await insertUser(db, user);
  if (kind === "taken") {
    throw new Refusal("EMAIL_TAKEN", { fields: { email: "An account with this email already exists." } });
  }

  const session = await openSession(db, user, input.remember, client, now);
  if (session === null) throw new Refusal("UNAVAILABLE", { retryAfterSeconds: 1 });
  await endReplacedSession(db, presentedRefreshToken, now);

  securityEvent("account-registered", { sessionId: session.id, userId: user.id, address: client.address });
  return grantBoth(session, client, now);
}
