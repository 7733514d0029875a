import { TRPC_ERROR_CODES_BY_KEY } from "@trpc/server/rpc";
import { FAULT_MESSAGE, REFUSALS, type Reason, type RefusalDetails } from "@/server/auth/policy/refusals";

/** A failed request: a refusal, or null for a fault, whose cause is not disclosed. */
export type Failure = { reason: Reason; details?: RefusalDetails } | null;

/** The `data` of an error in the format of tRPC clients. */
export function errorData(failure: Failure, requestId: string | undefined) {
  if (failure === null) return { code: "INTERNAL_SERVER_ERROR" as const, httpStatus: 500, requestId };
  const { status, trpcCode } = REFUSALS[failure.reason];
  return { code: trpcCode, httpStatus: status as number, reason: failure.reason, requestId, ...failure.details };
}

/** The whole error body in the format of tRPC clients, for responses that do not come from tRPC. */
export function errorEnvelope(failure: Failure, requestId: string) {
  const data = errorData(failure, requestId);
  const message = failure === null ? FAULT_MESSAGE : REFUSALS[failure.reason].message;
  return { error: { message, code: TRPC_ERROR_CODES_BY_KEY[data.code], data } };
}
