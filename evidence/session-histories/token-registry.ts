import { decodeJwt } from "jose";
import type { Place } from "./model";
import type { AccessFacts, LinkFacts, RefreshFacts } from "./operations";

/** Second 0 of every history. Not a whole second, because tokens use whole seconds and rows use milliseconds. */
const EPOCH = Date.UTC(2100, 0, 1) + 300;

export function instantAt(seconds: number): Date {
  return new Date(EPOCH + seconds * 1000);
}

export function secondsAt(instant: Date): number {
  return (instant.getTime() - EPOCH) / 1000;
}

/** Gives short names to sessions and tokens in the order in which they appear, and keeps every token. */
export class TokenRegistry {
  readonly refreshTokens: RefreshFacts[] = [];
  readonly accessTokens: AccessFacts[] = [];
  /** Oldest first. */
  readonly links: LinkFacts[] = [];
  readonly #sessions = new Map<string, string>();
  readonly #nonces = new Map<string, string>();
  readonly #counts = new Map<string, number>();

  get sessionNames(): string[] {
    return [...this.#sessions.values()];
  }

  idOf(session: string): string {
    return [...this.#sessions].find(([, name]) => name === session)![0];
  }

  nameSession(id: string): string {
    const known = this.#sessions.get(id) ?? String.fromCharCode(65 + this.#sessions.size);
    this.#sessions.set(id, known);
    return known;
  }

  nameNonce(session: string, nonce: string): string {
    const known = this.#nonces.get(nonce);
    if (known !== undefined) return known;
    const count = this.#counts.get(session) ?? 0;
    this.#counts.set(session, count + 1);
    this.#nonces.set(nonce, `${session}${count}`);
    return `${session}${count}`;
  }

  /** Returns a function that forgets everything recorded since this call. */
  snapshot(): () => void {
    const [refreshTokens, accessTokens] = [this.refreshTokens.length, this.accessTokens.length];
    const maps = [this.#sessions, this.#nonces, this.#counts] as Map<string, unknown>[];
    const entries = maps.map((map) => [...map]);
    return () => {
      this.refreshTokens.length = refreshTokens;
      this.accessTokens.length = accessTokens;
      maps.forEach((map, index) => {
        map.clear();
        for (const [key, value] of entries[index]!) map.set(key, value);
      });
    };
  }

  recordRefreshToken(text: string): RefreshFacts {
    const { sid, non, iat, exp } = decodeJwt<{ sid: string; non: string }>(text);
    const session = this.nameSession(sid);
    const name = this.nameNonce(session, non);
    const known = this.refreshTokens.find((token) => token.name === name);
    // A reissued token must be byte-identical; the changed name makes any difference unexplainable.
    if (known !== undefined)
      return known.text === text ? known : { ...known, text, name: `${name} with different bytes` };
    const recorded = { name, session, issuedAt: secondsOf(iat!), expiresAt: secondsOf(exp!), text };
    this.refreshTokens.push(recorded);
    return recorded;
  }

  recordLink(link: Omit<LinkFacts, "name">): void {
    if (this.links.some(({ id }) => id === link.id)) return;
    this.links.push({ ...link, name: `${link.purpose} ${this.links.length}` });
  }

  recordAccessToken(text: string, place: Place): AccessFacts {
    const { sid, exp } = decodeJwt<{ sid: string }>(text);
    const recorded = { session: this.nameSession(sid), place, expiresAt: secondsOf(exp!), text };
    this.accessTokens.push(recorded);
    return recorded;
  }
}

/** The second of the history of a NumericDate claim, which is a whole second. */
export function secondsOf(numericDate: number): number {
  return numericDate - Math.floor(EPOCH / 1000);
}
