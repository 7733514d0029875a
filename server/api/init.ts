import "server-only";
import { initTRPC, TRPCError } from "@trpc/server";
import { ZodError, type z } from "zod";
import { isUnavailable } from "@/db/faults";
import { fieldErrors } from "@/server/auth/inputs/inputs";
import { mayRun } from "@/server/auth/policy/gate";
import { procedureFacts } from "@/server/auth/policy/procedures";
import { FAULT_MESSAGE, Refusal, REFUSALS, UNVERIFIED_MESSAGE, type Reason } from "@/server/auth/policy/refusals";
import { refuseWithoutStepUp } from "@/server/auth/gate/step-up";
import type { Caller, Identity } from "@/server/auth/policy/credentials";
import { isRowAwaited } from "@/server/auth/sessions/sessions";
import type { Context } from "./context";
import { errorData } from "@/server/runtime/error-envelope";

/** The reasons for errors that tRPC itself throws. Codes not listed are internal errors. */
const TRPC_REASONS: Partial<Record<TRPCError["code"], Reason>> = {
  BAD_REQUEST: "BAD_INPUT",
  PARSE_ERROR: "BAD_INPUT",
  NOT_FOUND: "NOT_FOUND",
  METHOD_NOT_SUPPORTED: "METHOD_NOT_ALLOWED",
  PAYLOAD_TOO_LARGE: "TOO_LARGE",
  UNSUPPORTED_MEDIA_TYPE: "NOT_JSON",
};

/** The refusal that an error stands for, or null for an internal error. */
export function refusalIn(error: TRPCError): Refusal | null {
  if (error.cause instanceof Refusal) return error.cause;
  if (error.cause instanceof ZodError) return new Refusal("BAD_INPUT", { fields: fieldErrors(error.cause) });
  if (isUnavailable(error.cause)) return new Refusal("UNAVAILABLE", { retryAfterSeconds: 1 });
  const reason = TRPC_REASONS[error.code];
  return reason === undefined ? null : new Refusal(reason);
}

const t = initTRPC.context<Context>().create({
  errorFormatter: ({ shape, error, ctx }) => {
    const refusal = refusalIn(error);
    const data = errorData(refusal, ctx?.requestId);
    return { code: shape.code, message: refusal?.message ?? FAULT_MESSAGE, data };
  },
});

export const router = t.router;
export type SignedInContext = Context & { caller: Caller };

/** Turns a refusal into a tRPC error with the refusal's status. */
const mapRefusals = t.middleware(async ({ next }) => {
  const result = await next();
  if (result.ok) return result;
  const refusal = refusalIn(result.error);
  if (refusal === null) return result;
  throw new TRPCError({ code: REFUSALS[refusal.reason].trpcCode, message: refusal.message, cause: refusal });
});

/** A valid bearer token may call only what the facts table gives a scope. */
async function refuseBearer({ authenticateBearer }: Context): Promise<void> {
  if (authenticateBearer === null) return;
  await authenticateBearer();
  throw new Refusal("INSUFFICIENT_SCOPE");
}

/** For procedures that the facts table declares public; refuses every call under any other name. */
export const publicProcedure = t.procedure.use(mapRefusals).use(async ({ ctx, path, next }) => {
  await refuseBearer(ctx);
  if (procedureFacts(path)?.access !== "public") throw new Refusal("SIGNED_OUT");
  return next();
});

/** For all other procedures: `ctx.caller` is the signed-in caller. Exported only with the step-up. */
const signedIn = t.procedure.use(mapRefusals).use(async ({ ctx, path, next }) => {
  await refuseBearer(ctx);
  const caller = await cookieCaller(ctx, path);
  const result = await next({ ctx: { ...ctx, caller } });
  if (!result.ok) await refuseIfAwaited(ctx, caller, result.error);
  return result;
});

/** For procedures that bearer tokens may call too: with the scope that the facts table states. */
export const apiProcedure = t.procedure.use(mapRefusals).use(async ({ ctx, path, next }) => {
  const caller = ctx.authenticateBearer === null ? await cookieCaller(ctx, path) : await bearerCaller(ctx, path);
  const result = await next({ ctx: { ...ctx, caller } });
  if (result.ok) return result;
  await refuseIfAwaited(ctx, caller, result.error);
  const hasEnded = refusalIn(result.error)?.reason === "SESSION_ENDED";
  if (hasEnded && ctx.authenticateBearer !== null) throw new Refusal("INVALID_TOKEN");
  return result;
});

async function cookieCaller(ctx: Context, path: string): Promise<Caller> {
  const caller = await ctx.authenticate();
  if (!mayRun(procedureFacts(path), caller)) throw new Refusal("NOT_ALLOWED", {}, UNVERIFIED_MESSAGE);
  return caller;
}

async function bearerCaller(ctx: Context, path: string): Promise<Identity> {
  const { scopes, ...caller } = await ctx.authenticateBearer!();
  const scope = procedureFacts(path)?.scope;
  if (scope === undefined || !scopes.includes(scope)) throw new Refusal("INSUFFICIENT_SCOPE", { scope });
  return caller;
}

/** A session that is not there may not have been replicated yet. */
async function refuseIfAwaited({ db, now }: Context, { session }: Identity, error: TRPCError): Promise<void> {
  if (refusalIn(error)?.reason !== "SESSION_ENDED" || !(await isRowAwaited(db, session.id, now))) return;
  throw new Refusal("UNAVAILABLE", { retryAfterSeconds: 1 });
}

/** Refuses a caller who has not authenticated as recently as the facts table requires. */
async function requireStepUp(ctx: SignedInContext, path: string): Promise<void> {
  const rule = procedureFacts(path)?.stepUp;
  if (rule !== undefined) await refuseWithoutStepUp(ctx, rule, ctx.caller);
}

export const procedure = signedIn.use(async ({ ctx, path, next }) => {
  await requireStepUp(ctx, path);
  return next();
});

/** Refuses bad input before it asks for a step-up: a person need not authenticate for a form that is refused anyway. */
export function procedureOf<Input>(input: z.ZodType<Input>) {
  return signedIn.input(input).use(async ({ ctx, path, next }) => {
    await requireStepUp(ctx, path);
    return next();
  });
}
