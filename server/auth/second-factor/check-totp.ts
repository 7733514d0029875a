import "server-only";
import type { Kysely } from "kysely";
import type { Database } from "@/db/schema";
import { useTotpStep, type CodeUse } from "@/db/tables/factor-changes";
import type { StoredCodes } from "@/db/tables/factors";
import { judgeTotp, newTotpSecret, normalizeTotpCode } from "./totp";
import { decryptTotpSecret, reencryptTotpSecret } from "./totp-secret";

/** Uses a right code up. False if the code, or what it is used for, was used by another request. */
export type UseUp = (db: Kysely<Database>, use: CodeUse, now: Date) => Promise<boolean>;

const TOLERANCE_STEPS = 1;
/** Of an account without an app: its codes are judged with the same work. */
const DECOY_SECRET = newTotpSecret();

/** Null for a wrong code. */
export function checkTotp(
  { id: userId, totpSecret: stored, totpDriftSteps, totpLastStep, databaseNow }: { id: string } & StoredCodes,
  typed: string,
): UseUp | null {
  const secret = stored === null ? null : decryptTotpSecret(userId, stored);
  const drift = { driftSteps: totpDriftSteps ?? 0, toleranceSteps: TOLERANCE_STEPS };
  const rule = { now: databaseNow, ...drift, lastStep: totpLastStep };
  const step = judgeTotp(secret ?? DECOY_SECRET, normalizeTotpCode(typed), rule);
  if (stored === null || secret === null || step === null) return null;
  const used = { secret: stored, reencrypted: reencryptTotpSecret(userId, stored, secret), lastStep: step };
  return (db, use, now) => useTotpStep(db, userId, used, use, now);
}
