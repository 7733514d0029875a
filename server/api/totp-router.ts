import "server-only";
import { procedure, router } from "./init";
import { noInput, totpCodeInput } from "@/server/auth/inputs/inputs";
import { beginTotp, confirmTotp, removeTotp } from "@/server/auth/second-factor/enrol-totp";

export const totpRouter = router({
  begin: procedure.input(noInput).mutation(({ ctx }) => beginTotp(ctx.db, ctx.caller, ctx.now)),

  confirm: procedure.input(totpCodeInput).mutation(async ({ ctx, input }) => {
    const { recoveryCodes, tokens } = await confirmTotp(ctx.db, ctx.caller, input.code, ctx.client, ctx.now);
    ctx.setCookies.push(...tokens.cookies);
    return { recoveryCodes };
  }),

  remove: procedure.input(noInput).mutation(async ({ ctx }) => {
    await removeTotp(ctx.db, ctx.caller, ctx.client, ctx.now);
    return { ok: true as const };
  }),
});
