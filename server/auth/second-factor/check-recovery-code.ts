import "server-only";
import type { Kysely } from "kysely";
import { isUnavailable } from "@/db/faults";
import { retryOnDeadlock, writeRow } from "@/db/keyed-mutex";
import type { Database } from "@/db/schema";
import { lockUserRow } from "@/db/tables/confirmations";
import { useRecoveryCode } from "@/db/tables/factor-changes";
import { insertNotice } from "@/db/tables/outgoing-mails";
import { countRecoveryCodes, findRecoveryCode, insertFirstRecoveryCodes } from "@/db/tables/recovery-codes";
import { newNotice } from "@/server/mail/notices";
import { securityEvent } from "@/server/runtime/security-events";
import type { Client } from "@/server/auth/client/client";
import { passwordMatches } from "@/server/auth/passwords/password";
import { NOTICE_SECONDS, secondsAfter } from "@/server/auth/policy/lifetimes";
import { Refusal } from "@/server/auth/policy/refusals";
import { newRecoveryCodes, parseRecoveryCode } from "@/server/auth/recovery-codes/recovery-codes";
import type { UseUp } from "./check-totp";

/** No code has it. */
const NO_NUMBER = 0;

/** Null for a wrong code, after the same statement and one hash whatever was wrong. */
export async function checkRecoveryCode(db: Kysely<Database>, userId: string, typed: string): Promise<UseUp | null> {
  const { number, text } = parseRecoveryCode(typed) ?? { number: NO_NUMBER, text: "" };
  const codeHash = (await findRecoveryCode(db, userId, number))?.codeHash;
  const matches = await passwordMatches(codeHash, text);
  if (codeHash === undefined || !matches) return null;
  return (use, now) => useRecoveryCode(db, userId, { number, codeHash }, use, now);
}

/** Tells the owner of a used code how many are left. */
export async function reportUsedCode(
  db: Kysely<Database>,
  { id: userId, email }: { id: string; email: string },
  client: Client,
  now: Date,
): Promise<void> {
  const remaining = await countRecoveryCodes(db, userId);
  securityEvent("recovery-code-used", { userId, remaining, address: client.address });
  const notice = newNotice({ kind: "recovery-code-used", remaining }, { userId, email }, client, now);
  await retryOnDeadlock(() => insertNotice(db, notice, secondsAfter(now, -NOTICE_SECONDS)));
}

/** A new set after a login with the last code, else null. Also if it cannot be made now: that is no reason to refuse the login. */
export async function replaceUsedUpCodes(db: Kysely<Database>, userId: string, now: Date): Promise<string[] | null> {
  try {
    if ((await countRecoveryCodes(db, userId)) > 0) return null;
    const { codes, rows } = await newRecoveryCodes();
    const isInserted = await writeRow(db, userId, () =>
      db.transaction().execute(async (trx) => {
        const user = await lockUserRow(trx, userId);
        return user !== undefined && (await insertFirstRecoveryCodes(trx, userId, rows, now));
      }),
    );
    return isInserted ? codes : null;
  } catch (error) {
    if (error instanceof Refusal || isUnavailable(error)) return null;
    throw error;
  }
}
