import "server-only";
import { apiProcedure, router } from "./init";
import { clearedCookies } from "@/server/auth/tokens/cookies";
import { endOwnSession } from "@/server/auth/sessions/end-session";
import { noInput, revokeInput } from "@/server/auth/inputs/inputs";
import { logoutOthers } from "@/server/auth/login/logout";
import { Refusal } from "@/server/auth/policy/refusals";
import { listSessions } from "@/server/auth/sessions/sessions";

export const sessionsRouter = router({
  list: apiProcedure.input(noInput).query(({ ctx }) => listSessions(ctx.db, ctx.caller, ctx.now)),

  revoke: apiProcedure.input(revokeInput).mutation(async ({ ctx, input }) => {
    const { db, caller } = ctx;
    const isOwn = await endOwnSession(db, caller, input.id, ctx.now);
    // Another user's session gets the same response as an unknown one.
    if (!isOwn) throw new Refusal("NOT_FOUND");
    if (input.id === caller.session.id) ctx.setCookies.push(...clearedCookies());
    return { ok: true as const };
  }),

  revokeOthers: apiProcedure.input(noInput).mutation(async ({ ctx }) => {
    return { revoked: await logoutOthers(ctx.db, ctx.caller, ctx.now) };
  }),
});
