import "server-only";
import { procedure, procedureOf, router } from "./init";
import { requestChange } from "@/server/auth/email/change-email";
import { requestVerification } from "@/server/auth/email/verify-email";
import { noInput, requestChangeInput } from "@/server/auth/inputs/inputs";

export const emailRouter = router({
  requestVerification: procedure.input(noInput).mutation(async ({ ctx }) => {
    await requestVerification(ctx.db, ctx.caller, ctx.now);
    return { ok: true as const };
  }),

  requestChange: procedureOf(requestChangeInput).mutation(async ({ ctx, input }) => {
    await requestChange(ctx.db, ctx.caller, input.email, ctx.client, ctx.now);
    return { ok: true as const };
  }),
});
