import "server-only";
import { procedure, router } from "./init";
import { clearedCookies } from "@/server/auth/tokens/cookies";
import { requestDeletion } from "@/server/auth/account/request-deletion";
import { deletionInput } from "@/server/auth/inputs/inputs";

export const accountRouter = router({
  requestDeletion: procedure.input(deletionInput).mutation(async ({ ctx, input }) => {
    const deletesAt = await requestDeletion(ctx.db, ctx.caller, input, ctx.client, ctx.now);
    ctx.setCookies.push(...clearedCookies());
    return { deletesAt: deletesAt.toISOString() };
  }),
});
