import "server-only";
import type { Kysely } from "kysely";
import type { Database } from "@/db/schema";
import { isUseOpen, type CodeUse } from "@/db/tables/factor-changes";
import type { StoredCodes } from "@/db/tables/factors";
import { insertNotice } from "@/db/tables/outgoing-mails";
import { retryOnDeadlock } from "@/db/keyed-mutex";
import { recordAuthentication } from "@/db/tables/sessions";
import { newNotice } from "@/server/mail/notices";
import { securityEvent } from "@/server/runtime/security-events";
import type { Client } from "@/server/auth/client/client";
import type { SecondFactorInput } from "@/server/auth/inputs/inputs";
import { verifyAssertion } from "@/server/auth/passkeys/assertion";
import { authenticationValues } from "@/server/auth/policy/authentication-methods";
import { NOTICE_SECONDS, secondsAfter } from "@/server/auth/policy/lifetimes";
import { Refusal } from "@/server/auth/policy/refusals";
import { codeFailureLimit, consume, decrement } from "@/server/auth/rate-limits/rate-limit";
import { checkRecoveryCode, reportUsedCode } from "./check-recovery-code";
import { checkTotp } from "./check-totp";

/** What the factor is verified for: the second step of a login, or a step-up of a session. */
export type FactorUse = { kind: "login"; challengeId: string } | { kind: "step-up"; sessionId: string };

/** As read with the user, in the statement that finds what the factor is for: so a code costs no statement of its own. */
type FactorUser = { id: string; email: string } & StoredCodes;

/**
 * Verifies a code or a passkey of an account and uses it up, together with the challenge of a login; for a step-up it records the
 * authentication of the session. Throws SECOND_FACTOR_WRONG, and RATE_LIMITED after too many wrong codes. False if the challenge was
 * used by another request, or the session has ended.
 */
export async function verifyFactor(
  db: Kysely<Database>,
  user: FactorUser,
  input: SecondFactorInput,
  use: FactorUse,
  client: Client,
  now: Date,
): Promise<boolean> {
  if (input.method !== "passkey") return verifyCode(db, user, input, use, client, now);
  const isVerified = await verifyAssertion(db, user, input.response, use, client, now);
  if (!isVerified || use.kind === "login") return isVerified;
  const ids = { userId: user.id, sessionId: use.sessionId };
  return recordAuthentication(db, ids, authenticationValues(["passkey"]).join(" "), now);
}

async function verifyCode(
  db: Kysely<Database>,
  user: FactorUser,
  { method, code }: Extract<SecondFactorInput, { code: string }>,
  use: FactorUse,
  client: Client,
  now: Date,
): Promise<boolean> {
  const hit = await consume(db, codeFailureLimit(user.id), now);
  const check = method === "totp" ? checkTotp : checkRecoveryCode;
  const useUp = await check(user, code);
  if (useUp !== null) {
    const codeUse = codeUseOf(method, use);
    const isUsed = await useUp(db, codeUse, now);
    if (isUsed || !(await isUseOpen(db, codeUse, now))) {
      decrement(db, hit);
      if (isUsed && method === "recovery-code") await reportUsedCode(db, user, client, now);
      return isUsed;
    }
    // Another request has used the same code.
  }
  // The last hit before the limit is one request's alone, so the owner is told once.
  const isLast = hit.hits === codeFailureLimit(user.id).limit.hitsAtMost;
  if (isLast && use.kind === "login") await tellOwner(db, user, client, now);
  throw refuse(user, method, use, client);
}

function codeUseOf(method: "totp" | "recovery-code", use: FactorUse): CodeUse {
  return use.kind === "login" ? use : { ...use, methods: authenticationValues([method]).join(" ") };
}

/** The codes were typed after the right password: it is known to the person who typed them. */
async function tellOwner(db: Kysely<Database>, { id: userId, email }: FactorUser, client: Client, now: Date) {
  const notice = newNotice({ kind: "second-factor-guessed" }, { userId, email }, client, now);
  await retryOnDeadlock(() => insertNotice(db, notice, secondsAfter(now, -NOTICE_SECONDS)));
}

function refuse({ id: userId }: FactorUser, method: string, use: FactorUse, { address }: Client): Refusal {
  if (use.kind === "login") securityEvent("second-factor-refused", { userId, method, address });
  else securityEvent("step-up-refused", { userId, sessionId: use.sessionId, method, address });
  return new Refusal("SECOND_FACTOR_WRONG");
}
