import "server-only";
import { findSessionWithUser } from "@/db/tables/sessions";
import { findUserById, findUserOfLiveSession, updateFullName } from "@/db/tables/users";
import type { User } from "@/db/schema";
import { apiProcedure, procedureOf, router } from "./init";
import { changePassword, setPassword } from "@/server/auth/login/change-password";
import { issueAccessToken } from "@/server/auth/sessions/issue-tokens";
import { changePasswordInput, noInput, setPasswordInput, updateInput } from "@/server/auth/inputs/inputs";
import { callerIds, type SignedInUser } from "@/server/auth/policy/credentials";
import { Refusal } from "@/server/auth/policy/refusals";
import { hasEnded } from "@/server/auth/sessions/rotation";

export interface Profile extends SignedInUser {
  createdAt: string;
  emailVerified: boolean;
}

export const usersRouter = router({
  me: apiProcedure.input(noInput).query(async ({ ctx }) => {
    const user = await findUserOfLiveSession(ctx.db, callerIds(ctx.caller), ctx.now);
    if (user === undefined) throw new Refusal("SESSION_ENDED");
    return profileOf(user);
  }),

  update: apiProcedure.input(updateInput).mutation(async ({ ctx, input }) => {
    const { db, caller, client, now } = ctx;
    const isUpdated = await updateFullName(db, { ...callerIds(caller), fullName: input.fullName, now });
    const user = isUpdated ? await findUserById(db, caller.user.id) : undefined;
    if (user === undefined) throw new Refusal("SESSION_ENDED");

    const session = await findSessionWithUser(db, caller.session.id);
    // The access token contains the name, so pages would show the old one until it is replaced. A session that has ended meanwhile
    // gets no token, but the response still reports the change.
    if (session !== undefined && !hasEnded(session, now)) {
      const { cookies } = await issueAccessToken(session, client, now);
      ctx.setCookies.push(...cookies);
    }
    return profileOf(user);
  }),

  changePassword: procedureOf(changePasswordInput).mutation(async ({ ctx, input }) => {
    const { cookies } = await changePassword(ctx.db, ctx.caller, input, ctx.client, ctx.now);
    ctx.setCookies.push(...cookies);
    return { ok: true as const };
  }),

  setPassword: procedureOf(setPasswordInput).mutation(async ({ ctx, input }) => {
    const { cookies } = await setPassword(ctx.db, ctx.caller, input.newPassword, ctx.client, ctx.now);
    ctx.setCookies.push(...cookies);
    return { ok: true as const };
  }),
});

function profileOf({ id, email, fullName, role, createdAt, emailVerifiedAt }: User): Profile {
  return { id, email, fullName, role, createdAt: createdAt.toISOString(), emailVerified: emailVerifiedAt !== null };
}
