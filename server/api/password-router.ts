import "server-only";
import { publicProcedure, router } from "./init";
import { requestReset } from "@/server/auth/email/reset-password";
import { requestResetInput } from "@/server/auth/inputs/inputs";

export const passwordRouter = router({
  requestReset: publicProcedure.input(requestResetInput).mutation(async ({ ctx, input }) => {
    await requestReset(ctx.db, input.email, ctx.client, ctx.now);
    return { ok: true as const };
  }),
});
