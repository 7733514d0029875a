import "server-only";
import type { Kysely } from "kysely";
import { isUnavailable } from "@/db/faults";
import { retryOnDeadlock, writeRow } from "@/db/keyed-mutex";
import type { Database } from "@/db/schema";
import { lockUserRow } from "@/db/tables/confirmations";
import { useRecoveryCode } from "@/db/tables/factor-changes";
import { NO_NUMBER, type StoredCodes } from "@/db/tables/factors";
import { insertNotice } from "@/db/tables/outgoing-mails";
import { countRecoveryCodes, insertFirstRecoveryCodes } from "@/db/tables/recovery-codes";
import { newNotice } from "@/server/mail/notices";
import { securityEvent } from "@/server/runtime/security-events";
import type { Client } from "@/server/auth/client/client";
import type { StepUpInput } from "@/server/auth/inputs/inputs";
import { passwordMatches } from "@/server/auth/passwords/password";
import { NOTICE_SECONDS, secondsAfter } from "@/server/auth/policy/lifetimes";
import { Refusal } from "@/server/auth/policy/refusals";
import { codeFailureLimit } from "@/server/auth/rate-limits/rate-limit";
import { newRecoveryCodes, parseRecoveryCode } from "@/server/auth/recovery-codes/recovery-codes";
import type { UseUp } from "./check-totp";

/** The number of the recovery code whose hash is to be read with the user. */
export function numberOfCode(input: StepUpInput): number {
  const typed = input.method === "recovery-code" ? parseRecoveryCode(input.code) : null;
  return typed?.number ?? NO_NUMBER;
}

/** Null for a wrong code, after one hash whatever was wrong. The user was read with the hash of the code's number. */
export async function checkRecoveryCode(
  { id: userId, recoveryCodeHash: codeHash }: { id: string } & StoredCodes,
  typed: string,
): Promise<UseUp | null> {
  const { number, text } = parseRecoveryCode(typed) ?? { number: NO_NUMBER, text: "" };
  const matches = await passwordMatches(codeHash ?? undefined, text);
  if (codeHash === null || !matches) return null;
  return (db, use, now) => useRecoveryCode(db, userId, { number, codeHash }, use, now);
}

/** Tells the owner of a used code how many are left. `recoveryCodes`: before. */
export async function reportUsedCode(
  db: Kysely<Database>,
  { id: userId, email, recoveryCodes }: { id: string; email: string } & StoredCodes,
  client: Client,
  now: Date,
): Promise<void> {
  const remaining = recoveryCodes - 1;
  securityEvent("recovery-code-used", { userId, remaining, address: client.address });
  const notice = newNotice({ kind: "recovery-code-used", remaining }, { userId, email }, client, now);
  await retryOnDeadlock(() => insertNotice(db, notice, secondsAfter(now, -NOTICE_SECONDS)));
}

/**
 * A new set after the use of the last code, else null. Also if it cannot be made now: that is no reason to refuse what the code was used
 * for. `recoveryCodes`: before the use.
 */
export async function replaceUsedUpCodes(
  db: Kysely<Database>,
  { id: userId, recoveryCodes }: { id: string } & StoredCodes,
  now: Date,
): Promise<string[] | null> {
  // So many may be used at once, and none of them knows of the others.
  if (recoveryCodes > codeFailureLimit(userId).limit.hitsAtMost) return null;
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
