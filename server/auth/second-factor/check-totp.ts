import "server-only";
import type { Kysely } from "kysely";
import type { Database } from "@/db/schema";
import { useTotpStep, type CodeUse } from "@/db/tables/factor-changes";
import { findTotpSecret } from "@/db/tables/totp-secrets";
import { judgeTotp, newTotpSecret, normalizeTotpCode } from "./totp";
import { decryptTotpSecret, reencryptTotpSecret } from "./totp-secret";

/** Uses a right code up. False if the code, or what it is used for, was used by another request. */
export type UseUp = (use: CodeUse, now: Date) => Promise<boolean>;

const TOLERANCE_STEPS = 1;
/** Of an account without an app: its codes are judged with the same work. */
const DECOY = { driftSteps: 0, lastStep: null, databaseNow: new Date(0) };
const DECOY_SECRET = newTotpSecret();

/** Null for a wrong code. */
export async function checkTotp(db: Kysely<Database>, userId: string, typed: string): Promise<UseUp | null> {
  const row = await findTotpSecret(db, userId);
  const stored = row?.secret ?? null;
  const secret = stored === null ? null : decryptTotpSecret(userId, stored);
  const { driftSteps, lastStep, databaseNow: now } = row ?? DECOY;
  const rule = { now, driftSteps, toleranceSteps: TOLERANCE_STEPS, lastStep };
  const step = judgeTotp(secret ?? DECOY_SECRET, normalizeTotpCode(typed), rule);
  if (stored === null || secret === null || step === null) return null;
  const used = { secret: stored, reencrypted: reencryptTotpSecret(userId, stored, secret), lastStep: step };
  return (use, at) => useTotpStep(db, userId, used, use, at);
}
