import "server-only";
import type { Kysely } from "kysely";
import type { Database } from "@/db/schema";
import { changeFactors } from "@/db/tables/factor-changes";
import { replaceRecoveryCodes } from "@/db/tables/recovery-codes";
import { securityEvent } from "@/server/runtime/security-events";
import type { Client } from "@/server/auth/client/client";
import { relyingParty } from "@/server/auth/passkeys/relying-party";
import { callerIds, type Caller } from "@/server/auth/policy/credentials";
import { Refusal } from "@/server/auth/policy/refusals";
import { factorsOf, hasSecondFactor } from "@/server/auth/policy/ways-in";
import { newRecoveryCodes } from "@/server/auth/recovery-codes/recovery-codes";
import { queueFactorNotice } from "./factor-notice";

/** A new set; codes of the previous one stop working. Refuses an account without a factor that they could replace. */
export async function renewRecoveryCodes(
  db: Kysely<Database>,
  caller: Caller,
  client: Client,
  now: Date,
): Promise<string[]> {
  const ids = callerIds(caller);
  const { codes, rows } = await newRecoveryCodes();
  const outcome = await changeFactors(db, ids, now, async (trx, user) => {
    if (!hasSecondFactor(factorsOf(user, relyingParty().id))) return "no factor";
    await replaceRecoveryCodes(trx, ids.userId, rows, now);
    await queueFactorNotice(trx, "New recovery codes were made", user, client, now);
    return "renewed";
  });
  if (outcome === "caller ended") throw new Refusal("SESSION_ENDED");
  if (outcome === "no factor") throw new Refusal("NOT_FOUND");
  securityEvent("factor-added", { ...ids, factor: "recovery-codes", address: client.address });
  return codes;
}
