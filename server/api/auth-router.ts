import "server-only";
import { procedure, publicProcedure, router, type SignedInContext } from "./init";
import type { Context } from "./context";
import { recordCaller } from "@/server/runtime/request-state";
import { callerOf } from "@/server/auth/gate/authenticate";
import { stepUp } from "@/server/auth/gate/step-up";
import { clearedChallengeCookie, clearedCookies } from "@/server/auth/tokens/cookies";
import type { IssuedTokens } from "@/server/auth/sessions/issue-tokens";
import { mintEndToken } from "@/server/auth/tokens/end-token";
import {
  accessTokenInput,
  beginPasskeyRegistrationInput,
  finishPasskeyLoginInput,
  finishPasskeyRegistrationInput,
  loginInput,
  logoutInput,
  noInput,
  registerInput,
  secondFactorInput,
  stepUpInput,
} from "@/server/auth/inputs/inputs";
import { login } from "@/server/auth/login/login";
import { loginByPasskey } from "@/server/auth/login/passkey-login";
import { beginPasskeyRegistration, registerByPasskey } from "@/server/auth/login/passkey-registration";
import { beginSecondStepAssertion, finishLogin } from "@/server/auth/login/second-factor";
import { endByEndToken, logout, logoutEverywhere } from "@/server/auth/login/logout";
import { beginAssertion, beginLoginAssertion } from "@/server/auth/passkeys/assertion";
import type { Caller, SignedIn } from "@/server/auth/policy/credentials";
import { Refusal } from "@/server/auth/policy/refusals";
import { requestBearerToken } from "@/server/auth/sessions/request-bearer-token";
import { refresh } from "@/server/auth/sessions/refresh";
import { register } from "@/server/auth/login/register";

export const authRouter = router({
  register: publicProcedure.input(registerInput).mutation(async ({ ctx, input }) => {
    const { db, client, cookies, now } = ctx;
    return signInWithEndToken(ctx, await register(db, input, client, cookies.refreshToken, now));
  }),

  beginPasskeyRegistration: publicProcedure.input(beginPasskeyRegistrationInput).mutation(({ ctx, input }) => {
    return beginPasskeyRegistration(ctx.db, input, ctx.client, ctx.now);
  }),

  finishPasskeyRegistration: publicProcedure.input(finishPasskeyRegistrationInput).mutation(async ({ ctx, input }) => {
    const { db, client, cookies, now } = ctx;
    const { recoveryCodes, ...tokens } = await registerByPasskey(db, input, client, cookies.refreshToken, now);
    if (cookies.challengeToken !== null) ctx.setCookies.push(clearedChallengeCookie());
    return { status: "signed-in" as const, ...(await signInWithEndToken(ctx, tokens)), recoveryCodes };
  }),

  login: publicProcedure.input(loginInput).mutation(async ({ ctx, input }) => {
    const { db, client, cookies, now } = ctx;
    const result = await login(db, input, client, cookies.refreshToken, now);
    if (result.kind === "signed-in")
      return { status: "signed-in" as const, ...(await signInWithEndToken(ctx, result)) };
    ctx.setCookies.push(...result.cookies);
    const { methods, expiresAt } = result;
    return { status: "second-factor" as const, methods, expiresAt: expiresAt.toISOString() };
  }),

  secondFactor: publicProcedure.input(secondFactorInput).mutation(async ({ ctx, input }) => {
    const { db, client, cookies, now } = ctx;
    const finished = await finishLogin(db, input, cookies.challengeToken, client, cookies.refreshToken, now);
    const { recoveryCodes, ...tokens } = finished;
    ctx.setCookies.push(clearedChallengeCookie());
    const signedIn = await signInWithEndToken(ctx, tokens);
    return { status: "signed-in" as const, ...signedIn, ...(recoveryCodes && { recoveryCodes }) };
  }),

  beginPasskeyLogin: publicProcedure.input(noInput).mutation(({ ctx }) => {
    return beginLoginAssertion(ctx.db, ctx.client, ctx.now);
  }),

  finishPasskeyLogin: publicProcedure.input(finishPasskeyLoginInput).mutation(async ({ ctx, input }) => {
    const { db, client, cookies, now } = ctx;
    const tokens = await loginByPasskey(db, input, client, cookies.refreshToken, now);
    if (cookies.challengeToken !== null) ctx.setCookies.push(clearedChallengeCookie());
    return { status: "signed-in" as const, ...(await signInWithEndToken(ctx, tokens)) };
  }),

  /** For a step-up of the caller's session; for the second step of a login in a browser that is not signed in. */
  beginPasskeyAssertion: publicProcedure.input(noInput).mutation(async ({ ctx }) => {
    const { db, client, cookies, now } = ctx;
    const caller = await signedInCaller(ctx);
    if (caller !== null) return beginAssertion(db, caller.user.id, caller.session.id, client, now);
    return beginSecondStepAssertion(db, cookies.challengeToken, client, now);
  }),

  refresh: publicProcedure.input(noInput).mutation(async ({ ctx }) => {
    const { db, client, cookies, now } = ctx;
    if (cookies.refreshToken === null) throw new Refusal("SIGNED_OUT");
    const outcome = await refresh(db, cookies.refreshToken, client, now);
    switch (outcome.kind) {
      case "refreshed":
        return { session: signIn(ctx, outcome).session };
      case "ended":
        throw new Refusal("SESSION_ENDED");
      case "unreadable":
        throw new Refusal("SIGNED_OUT");
    }
  }),

  logout: publicProcedure.input(logoutInput).mutation(async ({ ctx, input }) => {
    if (input?.endToken !== undefined) {
      const kept = await endByEndToken(ctx.db, input.endToken, ctx.cookies, ctx.now);
      return { ok: true as const, kept };
    }
    ctx.setCookies.push(...clearedCookies());
    await logout(ctx.db, ctx.cookies, ctx.client, ctx.now);
    return { ok: true as const };
  }),

  logoutAll: procedure.input(noInput).mutation(async ({ ctx }) => {
    try {
      await logoutEverywhere(ctx.db, ctx.caller, ctx.now);
    } catch (error) {
      // The session has ended: a late response must not clear the cookies of a newer login.
      if (!(error instanceof Refusal && error.reason === "SESSION_ENDED")) ctx.setCookies.push(...clearedCookies());
      throw error;
    }
    ctx.setCookies.push(...clearedCookies());
    return { ok: true as const };
  }),

  stepUp: procedure.input(stepUpInput).mutation(async ({ ctx, input }) => {
    const { recoveryCodes, ...tokens } = await stepUp(ctx.db, ctx.caller, input, ctx.client, ctx.now);
    return { session: signIn(ctx, tokens).session, ...(recoveryCodes && { recoveryCodes }) };
  }),

  /** For programs of a signed-in page, which keep it in memory. */
  accessToken: procedure.input(accessTokenInput).mutation(async ({ ctx, input }) => {
    const { token, expiresAt } = await requestBearerToken(ctx.db, ctx.caller, input.audience, ctx.now);
    return { accessToken: token, expiresAt: expiresAt.toISOString() };
  }),

  /** From the access token alone, without a database statement. */
  session: procedure.input(noInput).query(({ ctx }): SignedIn => currentSignIn(ctx)),
});

/** With an end token if the page requested one, to end the session if the browser did not keep its cookies. */
async function signInWithEndToken(ctx: Context, grant: IssuedTokens): Promise<SignedIn & { endToken?: string }> {
  if (!ctx.wantsEndToken) return signIn(ctx, grant);
  const endings = { sessionIds: [grant.access.sessionId], reason: "cookies not kept" as const };
  const endToken = await mintEndToken(endings, ctx.now);
  return { ...signIn(ctx, grant), endToken };
}

function signIn(ctx: Context, { access, cookies }: IssuedTokens): SignedIn {
  ctx.setCookies.push(...cookies);
  const caller = callerOf(access);
  recordCaller(caller);
  const { user, session } = caller;
  return { user, session };
}

/** Null for a browser that is not signed in, or not any more, and has a login that waits for its second step. */
async function signedInCaller(ctx: Context): Promise<Caller | null> {
  if (ctx.cookies.challengeToken === null) return ctx.authenticate();
  try {
    return await ctx.authenticate();
  } catch (error) {
    if (error instanceof Refusal && (error.reason === "SIGNED_OUT" || error.reason === "SESSION_ENDED")) return null;
    throw error;
  }
}

function currentSignIn({ caller: { user, session } }: SignedInContext): SignedIn {
  return { user, session };
}
