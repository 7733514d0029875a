import { DEAD, type Standing } from "./policy";

/** A message of the honest browser: a request with the token that it carries, or a reply with the token that it sets. */
export interface Message {
  isReply: boolean;
  /** Sent with the second user agent of a browser that has two. */
  isSecondAgents?: boolean;
  token: Standing;
  /** Ticks since it was sent; a message that gets too old is lost. */
  age: number;
}

export const IN_FLIGHT_AT_MOST = 5;
const BITS = 6;
const CODE = (1 << BITS) - 1;

/** Messages on their way, as one integer: sorted codes of six bits, as their order means nothing. */
export class Flight {
  constructor(
    private readonly ticksPerLeg: number,
    private readonly atMost: number,
    hasTwoAgents = false,
  ) {
    const greatest = { isReply: !hasTwoAgents, isSecondAgents: hasTwoAgents, token: DEAD, age: ticksPerLeg } as const;
    if (this.codeOf(greatest) > CODE) throw new Error("A leg is too long");
    if (atMost > IN_FLIGHT_AT_MOST) throw new Error("Too many requests in flight");
  }

  codeOf({ isReply, isSecondAgents, token, age }: Message): number {
    return 1 + ((isReply ? 4 : isSecondAgents ? 8 : 0) + token) * (this.ticksPerLeg + 1) + age;
  }

  messageOf(code: number): Message {
    const index = Math.floor((code - 1) / (this.ticksPerLeg + 1));
    const kind = index >> 2;
    return {
      isReply: kind === 1,
      isSecondAgents: kind === 2,
      token: (index % 4) as Standing,
      age: (code - 1) % (this.ticksPerLeg + 1),
    };
  }

  isFull(flight: number): boolean {
    return flight >>> ((this.atMost - 1) * BITS) !== 0;
  }

  /** Each distinct code once: of two messages that look the same it does not matter which one moves. */
  codes(flight: number): number[] {
    const codes: number[] = [];
    for (let rest = flight; rest !== 0; rest >>>= BITS) {
      const code = rest & CODE;
      if (codes[codes.length - 1] !== code) codes.push(code);
    }
    return codes;
  }

  /** Greater codes sit lower, so that the empty places are at the top. */
  plus(flight: number, code: number): number {
    let shift = 0;
    while (((flight >>> shift) & CODE) > code) shift += BITS;
    const below = flight & ((1 << shift) - 1);
    return ((flight >>> shift) << (shift + BITS)) | (code << shift) | below;
  }

  minus(flight: number, code: number): number {
    let shift = 0;
    while (((flight >>> shift) & CODE) !== code) shift += BITS;
    const above = shift + BITS >= 32 ? 0 : flight >>> (shift + BITS);
    return (above << shift) | (flight & ((1 << shift) - 1));
  }

  /** Whether a reply that carries this token is on its way. */
  isOnItsWay(flight: number, token: Standing): boolean {
    return this.codes(flight).some((code) => {
      const message = this.messageOf(code);
      return message.isReply && message.token === token;
    });
  }

  /** A tick later. */
  older(flight: number): number {
    return this.changed(flight, (message) =>
      message.age < this.ticksPerLeg ? { ...message, age: message.age + 1 } : null,
    );
  }

  /** After a change of the row: what every token is now. */
  retagged(flight: number, becomes: readonly Standing[]): number {
    return this.changed(flight, (message) => ({ ...message, token: becomes[message.token]! }));
  }

  private changed(flight: number, change: (message: Message) => Message | null): number {
    let next = 0;
    for (let rest = flight; rest !== 0; rest >>>= BITS) {
      const message = change(this.messageOf(rest & CODE));
      if (message !== null) next = this.plus(next, this.codeOf(message));
    }
    return next;
  }
}
