import "server-only";
import { procedure, router } from "@/server/trpc";
import { clearedCookies } from "./cookies";
import { endOwnSession } from "./end-session";
import { nothing, revokeInput } from "./inputs";
import { logoutOthers } from "./logout";
import { Refusal } from "./policy/refusals";
import { listSessions } from "./sessions";

export const sessionsRouter = router({
  list: procedure.input(nothing).query(({ ctx }) => listSessions(ctx.db, ctx.caller, ctx.now)),

  revoke: procedure.input(revokeInput).mutation(async ({ ctx, input }) => {
    const { db, caller } = ctx;
    const isOwn = await endOwnSession(db, caller, input.id, ctx.now);
    // Somebody else's session is as unknown as one that never was.
    if (!isOwn) throw new Refusal("NOT_FOUND");
    if (input.id === caller.session.id) ctx.setCookies.push(...clearedCookies());
    return { ok: true as const };
  }),

  revokeOthers: procedure.input(nothing).mutation(async ({ ctx }) => {
    return { revoked: await logoutOthers(ctx.db, ctx.caller, ctx.now) };
  }),
});
