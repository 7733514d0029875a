import "server-only";
import type { Kysely } from "kysely";
import type { Database } from "@/db/schema";
import { changePassword as replacePassword } from "@/db/revocations";
import { findUserById } from "@/db/users";
import { securityEvent } from "@/server/security-log";
import type { Caller } from "./caller";
import type { Client } from "./client";
import { learnOfRevocations } from "./end-session";
import type { ChangePasswordInput } from "./inputs";
import { hashPassword, passwordMatches } from "./password";
import { refuseWeakPassword } from "./password-strength";
import { Refusal } from "./policy/refusals";
import { failuresOfUser, forgetFailures, giveBack, spend } from "./rate-limit";

/** Replaces the password and ends every other session: whoever knew the old one is out. */
export async function changePassword(
  db: Kysely<Database>,
  caller: Caller,
  input: ChangePasswordInput,
  client: Client,
  now: Date,
): Promise<void> {
  const user = await findUserById(db, caller.user.id);
  if (user === undefined) throw new Refusal("SESSION_ENDED");

  // Somebody at an open screen guesses the password as well as somebody at the login form.
  const failure = await spend(db, failuresOfUser(user.id), now);
  if (!(await passwordMatches(user.passwordHash, input.currentPassword))) throw wrongPassword();
  giveBack(db, failure);

  await refuseWeakPassword("newPassword", input.newPassword, user);
  const newHash = await hashPassword(input.newPassword);
  const change = { userId: user.id, oldHash: user.passwordHash, newHash, keepSessionId: caller.session.id, now };
  const replaced = await replacePassword(db, change);
  if (!replaced) throw wrongPassword();

  await learnOfRevocations(db);
  await forgetFailures(db, user.email, now);
  securityEvent("password-changed", { userId: user.id, sessionId: caller.session.id, address: client.address });
}

function wrongPassword(): Refusal {
  return new Refusal("WRONG_PASSWORD", { fields: { currentPassword: "That is not your current password." } });
}
