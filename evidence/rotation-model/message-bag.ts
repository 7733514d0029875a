import { INVALID, type TokenStatus } from "./policy";

/** A message of the honest browser: a request with the token that it carries, or a reply with the token that it sets. */
export interface Message {
  isResponse: boolean;
  /** Sent with the second user agent of a browser that has two. */
  isSecondUserAgent?: boolean;
  token: TokenStatus;
  /** Ticks since it was sent; a message that gets too old is lost. */
  age: number;
}

export const MAX_IN_FLIGHT = 5;
const BITS = 6;
const CODE = (1 << BITS) - 1;

/** Messages on their way, as one integer: sorted codes of six bits, as their order means nothing. */
export class MessageBag {
  constructor(
    private readonly maxLatency: number,
    private readonly maxInFlight: number,
    hasTwoUserAgents = false,
  ) {
    const greatest = {
      isResponse: !hasTwoUserAgents,
      isSecondUserAgent: hasTwoUserAgents,
      token: INVALID,
      age: maxLatency,
    } as const;
    if (this.encode(greatest) > CODE) throw new Error("A leg is too long");
    if (maxInFlight > MAX_IN_FLIGHT) throw new Error("Too many requests in flight");
  }

  encode({ isResponse, isSecondUserAgent, token, age }: Message): number {
    return 1 + ((isResponse ? 4 : isSecondUserAgent ? 8 : 0) + token) * (this.maxLatency + 1) + age;
  }

  decode(code: number): Message {
    const index = Math.floor((code - 1) / (this.maxLatency + 1));
    const kind = index >> 2;
    return {
      isResponse: kind === 1,
      isSecondUserAgent: kind === 2,
      token: (index % 4) as TokenStatus,
      age: (code - 1) % (this.maxLatency + 1),
    };
  }

  isFull(messages: number): boolean {
    return messages >>> ((this.maxInFlight - 1) * BITS) !== 0;
  }

  /** Each distinct code once: of two messages that look the same it does not matter which one moves. */
  codes(messages: number): number[] {
    const codes: number[] = [];
    for (let rest = messages; rest !== 0; rest >>>= BITS) {
      const code = rest & CODE;
      if (codes[codes.length - 1] !== code) codes.push(code);
    }
    return codes;
  }

  /** Greater codes sit lower, so that the empty places are at the top. */
  add(messages: number, code: number): number {
    let shift = 0;
    while (((messages >>> shift) & CODE) > code) shift += BITS;
    const below = messages & ((1 << shift) - 1);
    return ((messages >>> shift) << (shift + BITS)) | (code << shift) | below;
  }

  remove(messages: number, code: number): number {
    let shift = 0;
    while (((messages >>> shift) & CODE) !== code) shift += BITS;
    const above = shift + BITS >= 32 ? 0 : messages >>> (shift + BITS);
    return (above << shift) | (messages & ((1 << shift) - 1));
  }

  /** Whether a reply that carries this token is on its way. */
  hasResponseWith(messages: number, token: TokenStatus): boolean {
    return this.codes(messages).some((code) => {
      const message = this.decode(code);
      return message.isResponse && message.token === token;
    });
  }

  /** A tick later. */
  aged(messages: number): number {
    return this.mapMessages(messages, (message) =>
      message.age < this.maxLatency ? { ...message, age: message.age + 1 } : null,
    );
  }

  /** After a change of the row: what every token is now. */
  withStatuses(messages: number, statusAfter: readonly TokenStatus[]): number {
    return this.mapMessages(messages, (message) => ({ ...message, token: statusAfter[message.token]! }));
  }

  private mapMessages(messages: number, change: (message: Message) => Message | null): number {
    let next = 0;
    for (let rest = messages; rest !== 0; rest >>>= BITS) {
      const message = change(this.decode(rest & CODE));
      if (message !== null) next = this.add(next, this.encode(message));
    }
    return next;
  }
}
