import "server-only";
import type { Kysely } from "kysely";
import type { Database } from "@/db/schema";
import { findUserOfPasskey } from "@/db/tables/passkeys";
import { securityEvent } from "@/server/runtime/security-events";
import type { Client } from "@/server/auth/client/client";
import { checkAssertion, useAssertion } from "@/server/auth/passkeys/assertion";
import { PASSKEY_REFUSED_MESSAGE, Refusal } from "@/server/auth/policy/refusals";
import { consume, loginLimit } from "@/server/auth/rate-limits/rate-limit";
import { isUserRowOutdated, rememberDisabled } from "@/server/auth/sessions/known-endings";
import type { IssuedTokens } from "@/server/auth/sessions/issue-tokens";
import { completeLogin } from "./complete-login";

/**
 * Opens a session for a passkey that the browser chose. It counts as both factors: the authenticator has verified the user. Every
 * refusal is the same, except that an unknown passkey is reported, so that the browser can stop offering it.
 */
export async function loginByPasskey(
  db: Kysely<Database>,
  { response, remember }: { response: unknown; remember: boolean },
  client: Client,
  presentedRefreshToken: string | null,
  now: Date,
): Promise<IssuedTokens> {
  await consume(db, loginLimit(client), now);
  const checked = await checkAssertion(db, "passkey-login", response, now);
  if (checked.kind !== "valid") throw refused(client, undefined, checked.kind === "unknown");
  const user = await findUserOfPasskey(db, checked.passkeyId, { ...client, ip: client.address });
  if (user?.disabledAt) rememberDisabled({ ...user, disabledAt: user.disabledAt });
  if (user === undefined || user.disabledAt !== null) throw refused(client, checked.userId);
  // Sessions must not open because the database has lost the end of all of them, which is written again within seconds.
  if (isUserRowOutdated(user)) throw new Refusal("UNAVAILABLE", { retryAfterSeconds: 1 });

  if (!(await useAssertion(db, checked, user.email, null, client, now))) throw refused(client, user.id);
  const how = { remember, methods: ["passkey"] as const };
  return completeLogin(db, user, how, client, { presentedRefreshToken, now });
}

function refused(client: Client, userId?: string, isUnknown = false): Refusal {
  securityEvent("login-refused", { userId, method: "passkey", address: client.address });
  return new Refusal("INVALID_CREDENTIALS", isUnknown ? { passkey: "unknown" } : {}, PASSKEY_REFUSED_MESSAGE);
}
