import "server-only";
import type { Kysely } from "kysely";
import type { Database } from "@/db/schema";
import { securityEvent } from "@/server/runtime/security-events";
import type { Client } from "@/server/auth/client/client";
import type { SecondFactorInput } from "@/server/auth/inputs/inputs";
import { verifyAssertion } from "@/server/auth/passkeys/assertion";
import { Refusal } from "@/server/auth/policy/refusals";

/** What the factor is verified for: the second step of a login, or a step-up of a session. */
export type FactorUse = { kind: "login"; challengeId: string } | { kind: "step-up"; sessionId: string };

/**
 * Verifies a code or a passkey of an account and uses it up, together with the challenge of a login. Throws SECOND_FACTOR_WRONG, and
 * RATE_LIMITED after too many wrong codes. False if the challenge was used by another request.
 */
export async function verifyFactor(
  db: Kysely<Database>,
  user: { id: string; email: string },
  input: SecondFactorInput,
  use: FactorUse,
  client: Client,
  now: Date,
): Promise<boolean> {
  if (input.method === "passkey") return verifyAssertion(db, user, input.response, use, client, now);
  securityEvent("second-factor-refused", { userId: user.id, method: input.method, address: client.address });
  throw new Refusal("SECOND_FACTOR_WRONG");
}
