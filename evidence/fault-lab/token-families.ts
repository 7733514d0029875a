import type { Results } from "./results";
import type { Lifetimes } from "./lab";

const TOLERANCE_SECONDS = 5;

export interface ReceivedToken {
  token: string;
  sessionId: string;
  generation: number;
  nonce: string;
  /** In milliseconds since 1970. */
  expiresAt: number;
}

/** What a refresh token says, without asking whether it is true. */
export function decodeRefreshToken(token: string): ReceivedToken {
  const claims = JSON.parse(Buffer.from(token.split(".")[1] ?? "", "base64url").toString()) as {
    sid: string;
    gen: number;
    non: string;
    exp: number;
  };
  return { token, sessionId: claims.sid, generation: claims.gen, nonce: claims.non, expiresAt: claims.exp * 1000 };
}

/** Every refresh token that anybody received. A generation of a session has one nonce, or the lineage has forked. */
export class TokenFamilies {
  readonly #nonces = new Map<string, string>();

  constructor(private readonly results: Results) {}

  record({ sessionId, generation, nonce, expiresAt }: ReceivedToken, { idleSeconds, graceSeconds }: Lifetimes): void {
    // The same successor is handed out for ten windows at the most, so that much of its time may be gone already.
    const leastSeconds = idleSeconds - 10 * graceSeconds - TOLERANCE_SECONDS;
    const seconds = (expiresAt - Date.now()) / 1000;
    this.results.check(
      "signed in",
      seconds >= leastSeconds,
      () => `${sessionId} got a token for ${Math.round(seconds)} s`,
    );

    const key = `${sessionId} ${generation}`;
    const known = this.#nonces.get(key);
    this.results.check(
      "one lineage",
      known === undefined || known === nonce,
      () => `session ${sessionId} has two tokens of generation ${generation}`,
    );
    this.#nonces.set(key, nonce);
  }
}
