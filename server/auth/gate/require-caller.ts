import "server-only";
import { headers } from "next/headers";
import { redirect } from "next/navigation";
import { callerOf, authenticateAccessToken } from "./authenticate";
import type { Caller } from "@/server/auth/policy/credentials";
import { clientOf } from "@/server/auth/client/client";
import { readCookies } from "@/server/auth/tokens/cookies";
import { safeNextPath, withNext } from "@/server/auth/policy/next-path";
import { HOME, LOGIN, RESUME, VERIFY_EMAIL } from "@/server/auth/policy/routes";
import { database } from "@/server/runtime/database";
import { PATH_HEADER } from "@/server/runtime/entry-headers";
import { recordCaller } from "@/server/runtime/request-state";

/** The caller of a private page; any other request is redirected. This check, not the middleware, protects the page. */
export async function requireCaller(): Promise<Caller> {
  const { caller, path, hasAccessCookie } = await authenticatePage();
  if (caller?.mustVerifyEmail) redirect(withNext(VERIFY_EMAIL, path));
  if (caller !== null) return caller;
  // A request with an access cookie bypasses the middleware: /resume deletes the cookie, so that the next one does not.
  redirect(withNext(hasAccessCookie ? RESUME : LOGIN, path));
}

/** The caller of a page that guests may see too, or null. `next` is the destination after a refresh. */
export async function currentCaller(next?: string): Promise<Caller | null> {
  const { caller, path, hasAccessCookie, hasRefreshToken } = await authenticatePage();
  if (caller === null && hasAccessCookie && hasRefreshToken) redirect(withNext(RESUME, next ?? path));
  return caller;
}

/** For pages that only guests need. */
export async function redirectIfSignedIn(next: string | null | undefined): Promise<void> {
  const destination = safeNextPath(next);
  if ((await currentCaller(destination)) !== null) redirect(destination);
}

/**
 * The caller of the page that asks for the verification, or null; one with a verified email is redirected to `next`. An invalid
 * token is not: private pages redirect here, and instances whose clocks differ could redirect back and forth.
 */
export async function callerToVerify(next: string | null | undefined): Promise<Caller | null> {
  const { caller } = await authenticatePage();
  if (caller?.isEmailVerified) redirect(safeNextPath(next));
  return caller;
}

/** A page cannot set cookies, so it does not refresh. */
async function authenticatePage() {
  const received = await headers();
  const cookies = readCookies(received.get("cookie"));
  const access = await authenticateAccessToken(database(), cookies.accessToken, clientOf(received), new Date());
  const caller = access && callerOf(access);
  if (caller !== null) recordCaller(caller);
  return {
    caller,
    path: received.get(PATH_HEADER) ?? HOME,
    hasAccessCookie: cookies.hasAccessCookie,
    hasRefreshToken: cookies.refreshToken !== null,
  };
}
