import type { Tally } from "./tally";

export interface Holding {
  token: string;
  sessionId: string;
  generation: number;
  nonce: string;
}

/** What a refresh token says, without asking whether it is true. */
export function readHolding(token: string): Holding {
  const claims = JSON.parse(Buffer.from(token.split(".")[1] ?? "", "base64url").toString()) as {
    sid: string;
    gen: number;
    non: string;
  };
  return { token, sessionId: claims.sid, generation: claims.gen, nonce: claims.non };
}

/** Every refresh token that anybody received. A generation of a session has one nonce, or the lineage has forked. */
export class Lineages {
  readonly #nonces = new Map<string, string>();

  constructor(private readonly tally: Tally) {}

  note({ sessionId, generation, nonce }: Holding): void {
    const key = `${sessionId} ${generation}`;
    const known = this.#nonces.get(key);
    this.tally.expect(
      "one lineage",
      known === undefined || known === nonce,
      () => `session ${sessionId} has two tokens of generation ${generation}`,
    );
    this.#nonces.set(key, nonce);
  }
}
