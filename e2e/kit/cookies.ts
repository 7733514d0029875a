import { expect, type BrowserContext, type Cookie } from "@playwright/test";

const ACCESS = /^(__Host-)?__acc$/;
const REFRESH = /^(__Host-)?__ref$/;

/** Three good parts that say nothing we signed. */
export const FORGED_TOKEN = [
  Buffer.from('{"alg":"HS256","typ":"at+jwt","kid":"0"}').toString("base64url"),
  Buffer.from('{"sub":"somebody"}').toString("base64url"),
  "A".repeat(43),
].join(".");

/** A Set-Cookie header, taken apart. */
export interface SetCookie {
  name: string;
  value: string;
  /** Null if the cookie ends with the browser. */
  maxAge: number | null;
  /** As they were written, in alphabetical order and without Max-Age. */
  attributes: string[];
}

export interface SessionCookies {
  access: Cookie | null;
  refresh: Cookie | null;
}

/** The cookies of the session that a browser holds just now. */
export async function sessionCookies(context: BrowserContext): Promise<SessionCookies> {
  const cookies = await context.cookies();
  return {
    access: cookies.find(({ name }) => ACCESS.test(name)) ?? null,
    refresh: cookies.find(({ name }) => REFRESH.test(name)) ?? null,
  };
}

/** Waits until the browser itself has dropped the access cookie. For servers whose lives are seconds. */
export async function waitForAccessExpiry(context: BrowserContext): Promise<void> {
  const access = async () => (await sessionCookies(context)).access;
  await expect.poll(access, { message: "the browser drops the access cookie", timeout: 15_000 }).toBeNull();
}

/** What the browser does by itself when the time comes: the access cookie is gone. */
export async function expireAccessToken(context: BrowserContext): Promise<void> {
  await context.clearCookies({ name: ACCESS });
}

/** Leaves an access cookie in place that is worth nothing, like one whose key has been retired. */
export async function replaceAccessToken(context: BrowserContext, value = FORGED_TOKEN): Promise<void> {
  await replaceCookie(context, ACCESS, value);
}

/** The same for the refresh cookie. */
export async function replaceRefreshToken(context: BrowserContext, value = FORGED_TOKEN): Promise<void> {
  await replaceCookie(context, REFRESH, value);
}

/** Gives one browser the cookies of another, as a thief would, or a restored backup. */
export async function copyCookies(from: BrowserContext, to: BrowserContext): Promise<void> {
  await to.addCookies(await from.cookies());
}

/** The refresh tokens that answers handed out, each once. */
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
