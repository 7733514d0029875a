import { expect, type BrowserContext, type Cookie } from "@playwright/test";

const ACCESS = /^(__Host-)?__acc$/;
const REFRESH = /^(__Host-)?__ref$/;

/** A well-formed token whose signature is invalid. */
export const FORGED_TOKEN = [
  Buffer.from('{"alg":"HS256","typ":"at+jwt","kid":"0"}').toString("base64url"),
  Buffer.from('{"sub":"some user"}').toString("base64url"),
  "A".repeat(43),
].join(".");

/** A parsed Set-Cookie header. */
export interface SetCookie {
  name: string;
  value: string;
  /** Null for a session cookie, which ends with the browser. */
  maxAge: number | null;
  /** Sorted, without Max-Age. */
  attributes: string[];
}

export interface SessionCookies {
  access: Cookie | null;
  refresh: Cookie | null;
}

/** The access and refresh cookies that a browser has now. */
export async function sessionCookies(context: BrowserContext): Promise<SessionCookies> {
  const cookies = await context.cookies();
  return {
    access: cookies.find(({ name }) => ACCESS.test(name)) ?? null,
    refresh: cookies.find(({ name }) => REFRESH.test(name)) ?? null,
  };
}

/** Waits until the browser deletes the expired access cookie. For servers with short lifetimes. */
export async function waitForAccessExpiry(context: BrowserContext): Promise<void> {
  const access = async () => (await sessionCookies(context)).access;
  await expect.poll(access, { message: "the browser drops the access cookie" }).toBeNull();
}

/** Deletes the access cookie, as the browser does when it expires. */
export async function expireAccessToken(context: BrowserContext): Promise<void> {
  await context.clearCookies({ name: ACCESS });
}

/** Replaces the access cookie with an invalid one, like one signed with a retired key. */
export async function replaceAccessToken(context: BrowserContext, value = FORGED_TOKEN): Promise<void> {
  await replaceCookie(context, ACCESS, value);
}

/** Replaces the refresh cookie with an invalid one. */
export async function replaceRefreshToken(context: BrowserContext, value = FORGED_TOKEN): Promise<void> {
  await replaceCookie(context, REFRESH, value);
}

/** Copies all cookies to another browser, like a thief or a restored backup. */
export async function copyCookies(from: BrowserContext, to: BrowserContext): Promise<void> {
  await to.addCookies(await from.cookies());
}

/** The distinct refresh tokens that responses set. */
export function issuedRefreshTokens(exchanges: { setCookies: string[] }[]): Set<string> {
  const set = exchanges.flatMap(({ setCookies }) => setCookies.map(readSetCookie));
  return new Set(set.filter(({ name, value }) => REFRESH.test(name) && value !== "").map(({ value }) => value));
}

export function readSetCookie(header: string): SetCookie {
  const [pair = "", ...rest] = header.split(/;\s*/);
  const separator = pair.indexOf("=");
  const maxAge = rest.find((attribute) => /^max-age=/i.test(attribute));
  return {
    name: pair.slice(0, separator),
    value: pair.slice(separator + 1),
    maxAge: maxAge === undefined ? null : Number(maxAge.split("=")[1]),
    attributes: rest.filter((attribute) => attribute !== maxAge).sort(),
  };
}

async function replaceCookie(context: BrowserContext, name: RegExp, value: string): Promise<void> {
  const cookie = (await context.cookies()).find((one) => name.test(one.name));
  if (cookie === undefined) throw new Error(`There is no cookie ${name} to replace`);
  await context.addCookies([{ ...cookie, value }]);
}
