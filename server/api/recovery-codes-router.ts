import "server-only";
import { procedure, router } from "./init";
import { noInput } from "@/server/auth/inputs/inputs";
import { renewRecoveryCodes } from "@/server/auth/second-factor/renew-recovery-codes";

export const recoveryCodesRouter = router({
  renew: procedure.input(noInput).mutation(async ({ ctx }) => {
    return { codes: await renewRecoveryCodes(ctx.db, ctx.caller, ctx.client, ctx.now) };
  }),
});
