import { INVALID, type TokenStatus } from "./policy";

/** A message of the honest browser: a request with the token that it carries, or a response with the token that it sets. */
export interface Message {
  isResponse: boolean;
  /** Sent with the second user agent of a browser that has two. */
  isSecondUserAgent?: boolean;
  token: TokenStatus;
  /** Ticks since it was sent; a message older than the latency bound is lost. */
  age: number;
}

export const MAX_IN_FLIGHT = 5;
const BITS = 6;
const CODE = (1 << BITS) - 1;

/** A multiset of messages in flight, packed into one integer: codes of six bits, sorted so that each multiset has one form. */
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
    if (this.encode(greatest) > CODE) throw new Error("The latency bound is too large");
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

  /** Each distinct code once: messages with the same code are interchangeable. */
  codes(messages: number): number[] {
    const codes: number[] = [];
    for (let rest = messages; rest !== 0; rest >>>= BITS) {
      const code = rest & CODE;
      if (codes[codes.length - 1] !== code) codes.push(code);
    }
    return codes;
  }

  /** Greater codes take the lower bits, so that the free places are at the top. */
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

  /** Whether a response that carries this token is in flight. */
  hasResponseWith(messages: number, token: TokenStatus): boolean {
    return this.codes(messages).some((code) => {
      const message = this.decode(code);
      return message.isResponse && message.token === token;
    });
  }

  /** One tick later. */
  aged(messages: number): number {
    return this.mapMessages(messages, (message) =>
      message.age < this.maxLatency ? { ...message, age: message.age + 1 } : null,
    );
  }

  /** After a write to the row: every token with its new status. */
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
