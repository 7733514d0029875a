import "server-only";
import { mintAccessToken, type Access, type AccessSubject } from "@/server/auth/tokens/access-token";
import type { Client } from "@/server/auth/client/client";
import { accessCookie, refreshCookie, type CookieToSet } from "@/server/auth/tokens/cookies";
import { authenticationValues } from "@/server/auth/policy/authentication-methods";
import { mintBearerToken } from "@/server/auth/tokens/bearer-token";
import { SCOPES } from "@/server/auth/policy/scopes";
import { secondsBetween } from "@/server/auth/policy/lifetimes";
import { mintRefreshToken } from "@/server/auth/tokens/refresh-token";
import type { Session } from "./sessions";

/** The contents of the new access token, and the cookies to set. */
export interface IssuedTokens {
  access: Access;
  cookies: CookieToSet[];
}

/** A new access token. Its cookie expires when a refresh is due: the next page request then reaches the middleware. */
export async function issueAccessToken(session: Session, client: Client, now: Date): Promise<IssuedTokens> {
  const { token, access } = await mintAccessToken(subjectOf(session), client, now);
  const maxAge = session.remember ? secondsBetween(now, access.refreshDueAt) : null;
  return { access, cookies: [accessCookie(token, maxAge)] };
}

/** A new access token, and the refresh token that the session's row determines. */
export async function issueTokens(session: Session, client: Client, now: Date): Promise<IssuedTokens> {
  // In parallel: each signature runs on its own thread.
  const [{ access, cookies }, token] = await Promise.all([
    issueAccessToken(session, client, now),
    mintRefreshToken({
      sessionId: session.id,
      generation: session.generation,
      nonce: session.currentNonce,
      previousNonce: session.previousNonce,
      issuedAt: session.rotatedAt,
      expiresAt: session.idleExpiresAt,
    }),
  ]);
  const maxAge = session.remember ? secondsBetween(now, session.idleExpiresAt) : null;
  return { access, cookies: [...cookies, refreshCookie(token, maxAge)] };
}

/** A token for programs, for one audience. It lives no longer than the session, and ends with it. */
export async function issueBearerToken(session: Session, audience: string, now: Date) {
  return mintBearerToken(subjectOf(session), { audience, scopes: SCOPES }, now);
}

function subjectOf(session: Session): AccessSubject {
  return {
    user: { id: session.userId, email: session.email, fullName: session.fullName, role: session.role },
    isEmailVerified: session.emailVerifiedAt !== null,
    sessionId: session.id,
    authenticatedAt: session.authenticatedAt ?? session.createdAt,
    authenticationMethods: session.authenticationMethods?.split(" ") ?? authenticationValues(["password"]),
    absoluteExpiresAt: session.absoluteExpiresAt,
  };
}
