import type { Lifetimes } from "./lab";
import type { Results } from "./results";

const TOLERANCE_SECONDS = 5;

export interface ReceivedToken {
  token: string;
  sessionId: string;
  generation: number;
  nonce: string;
  /** Unix time in milliseconds. */
  expiresAt: number;
}

/** Decodes a refresh token without verifying it. */
export function decodeRefreshToken(token: string): ReceivedToken {
  const claims = JSON.parse(Buffer.from(token.split(".")[1] ?? "", "base64url").toString()) as {
    sid: string;
    gen: number;
    non: string;
    exp: number;
  };
  return { token, sessionId: claims.sid, generation: claims.gen, nonce: claims.non, expiresAt: claims.exp * 1000 };
}

/** All refresh tokens that were received. Two nonces for one generation of a session mean that the token family has forked. */
export class TokenFamilies {
  readonly #nonces = new Map<string, string>();

  constructor(private readonly results: Results) {}

  record({ sessionId, generation, nonce, expiresAt }: ReceivedToken, { idleSeconds, graceSeconds }: Lifetimes): void {
    // A replacement token is reissued for at most ten grace windows, so that much of its lifetime may have passed.
    const leastSeconds = idleSeconds - 10 * graceSeconds - TOLERANCE_SECONDS;
    const seconds = (expiresAt - Date.now()) / 1000;
    this.results.check(
      "signed in",
      seconds >= leastSeconds,
      () => `${sessionId} received a token that expires in ${Math.round(seconds)} s`,
    );

    const key = `${sessionId} ${generation}`;
    const known = this.#nonces.get(key);
    this.results.check(
      "one token family",
      known === undefined || known === nonce,
      () => `session ${sessionId} has two tokens of generation ${generation}`,
    );
    this.#nonces.set(key, nonce);
  }
}
