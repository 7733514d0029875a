import { TRPC_ERROR_CODES_BY_KEY } from "@trpc/server/rpc";
import { REFUSALS, type Refusal } from "./auth/policy/refusals";

/** A refusal as tRPC's clients expect an error, for answers that are given before tRPC is reached. */
export function refusalEnvelope({ reason, message, details }: Refusal, requestId: string) {
  const { status, trpcCode } = REFUSALS[reason];
  const data = { code: trpcCode, httpStatus: status, reason, requestId, ...details };
  return { error: { message, code: TRPC_ERROR_CODES_BY_KEY[trpcCode], data } };
}
