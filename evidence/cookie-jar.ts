const ACCESS_COOKIE = "__acc";
const REFRESH_COOKIE = "__ref";
/** The prefix of the names on https. */
const HOST_PREFIX = "__Host-";

interface Cookie {
  value: string;
  /** Unix time in milliseconds; null for a cookie without Max-Age. */
  expiresAt: number | null;
}

/** Stores cookies as a browser does: the last Set-Cookie of a name wins, and expired cookies are not sent. */
export class CookieJar {
  readonly #cookies = new Map<string, Cookie>();

  constructor(private readonly clock: () => number = Date.now) {}

  store(setCookie: string): void {
    const [pair = "", ...attributes] = setCookie.split(";").map((part) => part.trim());
    const separator = pair.indexOf("=");
    const name = pair.slice(0, separator);
    const maxAge = attributes.find((attribute) => /^max-age=/i.test(attribute))?.slice("max-age=".length);
    if (maxAge !== undefined && Number(maxAge) <= 0) return void this.#cookies.delete(name);
    const expiresAt = maxAge === undefined ? null : this.clock() + Number(maxAge) * 1000;
    this.#cookies.set(name, { value: pair.slice(separator + 1), expiresAt });
  }

  /** The Cookie header, or undefined if the jar is empty. */
  get header(): string | undefined {
    const pairs = [...this.#cookies.keys()].flatMap((name) => {
      const value = this.#read(name);
      return value === null ? [] : [`${name}=${value}`];
    });
    return pairs.length === 0 ? undefined : pairs.join("; ");
  }

  get accessToken(): string | null {
    return this.#read(ACCESS_COOKIE);
  }

  get refreshToken(): string | null {
    return this.#read(REFRESH_COOKIE);
  }

  get names(): string[] {
    return [...this.#cookies.keys()];
  }

  dropAccessToken(): void {
    this.#cookies.delete(ACCESS_COOKIE);
    this.#cookies.delete(HOST_PREFIX + ACCESS_COOKIE);
  }

  clear(): void {
    this.#cookies.clear();
  }

  copy(): CookieJar {
    const copy = new CookieJar(this.clock);
    for (const [name, cookie] of this.#cookies) copy.#cookies.set(name, cookie);
    return copy;
  }

  #read(name: string): string | null {
    const cookie = this.#cookies.get(name);
    if (cookie === undefined || (cookie.expiresAt !== null && cookie.expiresAt <= this.clock())) return null;
    return cookie.value;
  }
}

/** Whether a response clears the refresh cookie. */
export function clearsSession(setCookies: readonly string[]): boolean {
  return setCookies.some((cookie) => cookie.startsWith(`${REFRESH_COOKIE}=;`));
}

export function jarWithRefreshToken(refreshToken: string): CookieJar {
  const jar = new CookieJar();
  jar.store(`${REFRESH_COOKIE}=${refreshToken}`);
  return jar;
}
