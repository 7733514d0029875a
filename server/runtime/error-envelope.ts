import { TRPC_ERROR_CODES_BY_KEY } from "@trpc/server/rpc";
import { FAULT_MESSAGE, REFUSALS, type Reason, type RefusalDetails } from "@/server/auth/policy/refusals";

/** What became of a request that did not succeed: a refusal, or null for a fault, about which nothing is said. */
export type Failure = { reason: Reason; details?: RefusalDetails } | null;

/** An error's `data`, as tRPC's clients expect it. */
export function errorData(failed: Failure, requestId: string | undefined) {
  if (failed === null) return { code: "INTERNAL_SERVER_ERROR" as const, httpStatus: 500, requestId };
  const { status, trpcCode } = REFUSALS[failed.reason];
  return { code: trpcCode, httpStatus: status as number, reason: failed.reason, requestId, ...failed.details };
}

/** The whole body, for answers that are given before tRPC is reached. */
export function errorEnvelope(failed: Failure, requestId: string) {
  const data = errorData(failed, requestId);
  const message = failed === null ? FAULT_MESSAGE : REFUSALS[failed.reason].message;
  return { error: { message, code: TRPC_ERROR_CODES_BY_KEY[data.code], data } };
}
