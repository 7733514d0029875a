import "server-only";
import { readCookiePairs, writeCookiePairs } from "@/server/auth/client/cookie-header";
import { env } from "@/server/runtime/env";

/** Only this module defines the cookies' names and attributes. The matcher in `middleware.ts` must be literal: it repeats them. */
const ACCESS = "__acc";
const REFRESH = "__ref";
/** A login that waits for its second factor. */
const CHALLENGE = "__chl";
/** Browsers accept this prefix only over https, with Path=/ and from the host itself (RFC 6265bis, section 4.1.3). */
const HOST_PREFIX = "__Host-";

export const ACCESS_COOKIE_NAMES = [ACCESS, HOST_PREFIX + ACCESS] as const;
export const SESSION_COOKIE_NAMES = [...ACCESS_COOKIE_NAMES, REFRESH, HOST_PREFIX + REFRESH] as const;
/** Every name that may be set. On the wire a name may end in a port, which `server/http/cookie-names.ts` removes. */
export const COOKIE_NAMES = [...SESSION_COOKIE_NAMES, CHALLENGE, HOST_PREFIX + CHALLENGE] as const;

export interface PresentedCookies {
  accessToken: string | null;
  refreshToken: string | null;
  challengeToken: string | null;
  /** Whether there is an access cookie by either name: with one, the request bypasses the middleware. */
  hasAccessCookie: boolean;
}

/** A cookie to set. `maxAgeSeconds`: null to end with the browser session, 0 to delete it. */
export interface CookieToSet {
  name: string;
  value: string;
  maxAgeSeconds: number | null;
}

export function accessCookieName(): string {
  return isSecure() ? HOST_PREFIX + ACCESS : ACCESS;
}

export function refreshCookieName(): string {
  return isSecure() ? HOST_PREFIX + REFRESH : REFRESH;
}

function challengeCookieName(): string {
  return isSecure() ? HOST_PREFIX + CHALLENGE : CHALLENGE;
}

/** Reads a Cookie header. A name that occurs twice counts as absent: one of the two was injected. */
export function readCookies(header: string | null | undefined): PresentedCookies {
  const found = new Map<string, string | null>();
  for (const [name, value] of readCookiePairs(header ?? "")) found.set(name, found.has(name) ? null : value);
  return {
    accessToken: found.get(accessCookieName()) || null,
    refreshToken: found.get(refreshCookieName()) || null,
    challengeToken: found.get(challengeCookieName()) || null,
    // An empty cookie is absent for the matcher of `middleware.ts` too.
    hasAccessCookie: ACCESS_COOKIE_NAMES.some((name) => found.has(name) && found.get(name) !== ""),
  };
}

export function accessCookie(token: string, maxAgeSeconds: number | null): CookieToSet {
  return { name: accessCookieName(), value: token, maxAgeSeconds };
}

export function refreshCookie(token: string, maxAgeSeconds: number | null): CookieToSet {
  return { name: refreshCookieName(), value: token, maxAgeSeconds };
}

export function challengeCookie(token: string, maxAgeSeconds: number): CookieToSet {
  return { name: challengeCookieName(), value: token, maxAgeSeconds };
}

export function clearedChallengeCookie(): CookieToSet {
  return challengeCookie("", 0);
}

export function clearedCookies(): CookieToSet[] {
  return [accessCookie("", 0), refreshCookie("", 0)];
}

/** Deletes the access cookie and keeps the session. A cookie by the name of the other scheme belongs to another app. */
export function clearedAccessCookie(): CookieToSet {
  return accessCookie("", 0);
}

/** A Set-Cookie header's value. */
export function serializeCookie(cookie: CookieToSet): string {
  const attributes = ["Path=/", "HttpOnly", "SameSite=Lax"];
  if (cookie.name.startsWith(HOST_PREFIX)) attributes.push("Secure");
  if (cookie.maxAgeSeconds !== null) attributes.push(`Max-Age=${Math.max(0, Math.floor(cookie.maxAgeSeconds))}`);
  return `${cookie.name}=${cookie.value}; ${attributes.join("; ")}`;
}

/** The Cookie header that the browser will send once it has stored these cookies. */
export function withCookies(header: string | null, cookies: CookieToSet[]): string {
  const replaced = new Set(cookies.map((cookie) => cookie.name));
  const kept = readCookiePairs(header ?? "").filter(([name]) => !replaced.has(name));
  const added = cookies.filter((cookie) => cookie.maxAgeSeconds !== 0);
  return writeCookiePairs([...kept, ...added.map(({ name, value }) => [name, value] as const)]);
}

function isSecure(): boolean {
  return env().APP_ORIGIN.startsWith("https:");
}
