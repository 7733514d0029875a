import "server-only";
import { procedure, router } from "./init";
import { finishRegistrationInput, noInput, removePasskeyInput, renamePasskeyInput } from "@/server/auth/inputs/inputs";
import { removePasskey, renamePasskey } from "@/server/auth/passkeys/passkeys";
import { beginRegistration, finishRegistration } from "@/server/auth/passkeys/registration";

export const passkeysRouter = router({
  beginRegistration: procedure.input(noInput).mutation(({ ctx }) => {
    return beginRegistration(ctx.db, ctx.caller, ctx.client, ctx.now);
  }),

  finishRegistration: procedure.input(finishRegistrationInput).mutation(async ({ ctx, input }) => {
    const { db, caller, client, now } = ctx;
    const { passkey, recoveryCodes, tokens } = await finishRegistration(db, caller, input, client, now);
    ctx.setCookies.push(...tokens.cookies);
    return { ...passkey, recoveryCodes };
  }),

  rename: procedure.input(renamePasskeyInput).mutation(async ({ ctx, input }) => {
    await renamePasskey(ctx.db, ctx.caller, input, ctx.now);
    return { ok: true as const };
  }),

  remove: procedure.input(removePasskeyInput).mutation(async ({ ctx, input }) => {
    await removePasskey(ctx.db, ctx.caller, input.id, ctx.client, ctx.now);
    return { ok: true as const };
  }),
});
