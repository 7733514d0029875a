import "server-only";
import { publicProcedure, router } from "./init";
import { describeConfirmation, performConfirmation } from "@/server/auth/email/confirm";
import { describeConfirmationInput, performConfirmationInput } from "@/server/auth/inputs/inputs";

export const confirmRouter = router({
  /** A mutation although it changes nothing: the input of a query is part of the URL. */
  describe: publicProcedure.input(describeConfirmationInput).mutation(({ ctx, input }) => {
    return describeConfirmation(ctx.db, input.token, ctx.cookies, ctx.now);
  }),

  perform: publicProcedure.input(performConfirmationInput).mutation(async ({ ctx, input }) => {
    const { cookies, ...performed } = await performConfirmation(ctx.db, input, ctx.cookies, ctx.client, ctx.now);
    ctx.setCookies.push(...cookies);
    return performed;
  }),
});
