import "server-only";
import { procedureOf, router } from "./init";
import { clearedCookies } from "@/server/auth/tokens/cookies";
import { exportAccount } from "@/server/auth/account/export-account";
import { requestDeletion } from "@/server/auth/account/request-deletion";
import { deletionInput, noInput } from "@/server/auth/inputs/inputs";

export const accountRouter = router({
  /** A mutation: it is counted and logged, and a link of another site must not be able to cause it. */
  export: procedureOf(noInput).mutation(({ ctx }) => exportAccount(ctx.db, ctx.caller, ctx.now)),

  requestDeletion: procedureOf(deletionInput).mutation(async ({ ctx, input }) => {
    const deletesAt = await requestDeletion(ctx.db, ctx.caller, input, ctx.client, ctx.now);
    ctx.setCookies.push(...clearedCookies());
    return { deletesAt: deletesAt.toISOString() };
  }),
});
