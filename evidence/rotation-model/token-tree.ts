import type { RotationState } from "@/server/auth/sessions/rotation";

/** What a refresh token proves: the state of the row that it was made from. */
export type Issued = Pick<RotationState, "generation" | "currentNonce" | "previousNonce">;

/** How the nonce of a successor is made. */
export type Succession = "by the row" | "by the row and the kind of write" | "at random";

/** The writes that create a token. */
export type Creation = "rotate" | "recover";

/**
 * Every token that a session of bounded length can have, numbered. The row has the state of its current token, so a number stands for
 * both. Random nonces differ by the number of losses before them: what a lost commit made is not made again.
 */
export class TokenTree {
  readonly tokens: Issued[] = [{ generation: 0, currentNonce: "0", previousNonce: null }];
  private readonly numbers = new Map<string, number>();

  constructor(
    private readonly generations: number,
    private readonly succession: Succession,
    private readonly namesPredecessor: boolean,
  ) {
    this.numberOf(this.tokens[0]!);
    // Also visits the tokens that are added meanwhile.
    for (let token = 0; token < this.tokens.length; token++) {
      this.adopted(token);
      for (const creation of ["rotate", "recover"] as const) {
        for (const losses of succession === "at random" ? [0, 1] : [0]) this.successor(token, creation, losses);
      }
    }
  }

  /** The row after a write; null at the bound, and for a recovery before the first rotation. */
  successor(row: number, creation: Creation, losses: number): number | null {
    const { generation, currentNonce, previousNonce } = this.tokens[row]!;
    if (generation === this.generations || (creation === "recover" && previousNonce === null)) return null;
    return this.numberOf({
      generation: generation + 1,
      currentNonce: this.nonceAfter(currentNonce, creation, losses),
      previousNonce: creation === "rotate" ? currentNonce : previousNonce,
    });
  }

  /** The row after it was moved forward to what a token proves. */
  adopted(token: number): number {
    return this.namesPredecessor ? token : this.numberOf({ ...this.tokens[token]!, previousNonce: null });
  }

  /** Whether rotations of this row can lead to the token. */
  descends(token: number, row: number): boolean {
    return this.tokens[token]!.currentNonce.startsWith(this.tokens[row]!.currentNonce);
  }

  isAhead(token: number, row: number): boolean {
    return this.tokens[token]!.generation > this.tokens[row]!.generation;
  }

  /** The predecessors that they name may differ. */
  isSameToken(one: number, other: number): boolean {
    return this.tokens[one]!.currentNonce === this.tokens[other]!.currentNonce;
  }

  private nonceAfter(nonce: string, creation: Creation, losses: number): string {
    if (this.succession === "by the row") return `${nonce}.`;
    return nonce + (creation === "rotate" ? "." : "!") + (this.succession === "at random" ? losses : "");
  }

  private numberOf(issued: Issued): number {
    const key = JSON.stringify(issued);
    const known = this.numbers.get(key) ?? this.numbers.size;
    this.numbers.set(key, known);
    this.tokens[known] = issued;
    return known;
  }
}
