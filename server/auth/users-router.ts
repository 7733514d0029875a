import "server-only";
import { findSessionWithUser } from "@/db/sessions";
import { findUserById, updateFullName } from "@/db/users";
import type { User } from "@/db/schema";
import { procedure, router } from "@/server/trpc";
import { changePassword } from "./change-password";
import { grantAccess } from "./grants";
import { changePasswordInput, nothing, updateInput } from "./inputs";
import type { SignedInUser } from "./policy/credentials";
import { Refusal } from "./policy/refusals";
import { hasEnded } from "./rotation";

export interface Profile extends SignedInUser {
  createdAt: string;
}

export const usersRouter = router({
  me: procedure.input(nothing).query(async ({ ctx }) => {
    const user = await findUserById(ctx.db, ctx.caller.user.id);
    if (user === undefined) throw new Refusal("SESSION_ENDED");
    return profileOf(user);
  }),

  update: procedure.input(updateInput).mutation(async ({ ctx, input }) => {
    const { db, caller, client, now } = ctx;
    await updateFullName(db, { userId: caller.user.id, fullName: input.fullName, now });
    const user = await findUserById(db, caller.user.id);
    const session = await findSessionWithUser(db, caller.session.id);
    if (user === undefined || session === undefined || hasEnded(session, now)) throw new Refusal("SESSION_ENDED");

    // The access token carries the name: until it is replaced, pages would show the old one.
    const { cookies } = await grantAccess(session, client, now);
    ctx.setCookies.push(...cookies);
    return profileOf(user);
  }),

  changePassword: procedure.input(changePasswordInput).mutation(async ({ ctx, input }) => {
    await changePassword(ctx.db, ctx.caller, input, ctx.client, ctx.now);
    return { ok: true as const };
  }),
});

function profileOf({ id, email, fullName, role, createdAt }: User): Profile {
  return { id, email, fullName, role, createdAt: createdAt.toISOString() };
}
