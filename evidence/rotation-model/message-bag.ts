import type { TokenStatus } from "./policy";

/** A message of the honest browser: a request with the token that it carries, or a response with the token that it sets. */
export interface Message<Token extends number = TokenStatus> {
  isResponse: boolean;
  /** Sent with the second user agent of a browser that has two. */
  isSecondUserAgent?: boolean;
  token: Token;
  /** Ticks since it was sent; a message older than the latency bound is lost. */
  age: number;
}

const TOKEN_STATUSES = 4;
const MESSAGE_BITS = 30;

/** A multiset of messages in flight, packed into one integer: sorted codes, so that each multiset has one form. */
export class MessageBag<Token extends number = TokenStatus> {
  /** Bits of one code. */
  private readonly bits: number;
  private readonly mask: number;

  constructor(
    private readonly maxLatency: number,
    private readonly maxInFlight: number,
    hasTwoUserAgents = false,
    private readonly tokenValues = TOKEN_STATUSES,
  ) {
    const codes = (hasTwoUserAgents ? 3 : 2) * tokenValues * (maxLatency + 1);
    this.bits = 32 - Math.clz32(codes);
    this.mask = (1 << this.bits) - 1;
    if (this.bits * maxInFlight > MESSAGE_BITS) throw new Error("Too many requests in flight for one integer");
  }

  encode({ isResponse, isSecondUserAgent, token, age }: Message<Token>): number {
    const kind = isResponse ? 1 : isSecondUserAgent ? 2 : 0;
    return 1 + (kind * this.tokenValues + token) * (this.maxLatency + 1) + age;
  }

  decode(code: number): Message<Token> {
    const index = Math.floor((code - 1) / (this.maxLatency + 1));
    const kind = Math.floor(index / this.tokenValues);
    return {
      isResponse: kind === 1,
      isSecondUserAgent: kind === 2,
      token: (index % this.tokenValues) as Token,
      age: (code - 1) % (this.maxLatency + 1),
    };
  }

  isFull(messages: number): boolean {
    return messages >>> ((this.maxInFlight - 1) * this.bits) !== 0;
  }

  /** Each distinct code once: messages with the same code are interchangeable. */
  codes(messages: number): number[] {
    const codes: number[] = [];
    for (let rest = messages; rest !== 0; rest >>>= this.bits) {
      const code = rest & this.mask;
      if (codes[codes.length - 1] !== code) codes.push(code);
    }
    return codes;
  }

  /** Greater codes take the lower bits, so that the free places are at the top. */
  add(messages: number, code: number): number {
    let shift = 0;
    while (((messages >>> shift) & this.mask) > code) shift += this.bits;
    const below = messages & ((1 << shift) - 1);
    return ((messages >>> shift) << (shift + this.bits)) | (code << shift) | below;
  }

  remove(messages: number, code: number): number {
    let shift = 0;
    while (((messages >>> shift) & this.mask) !== code) shift += this.bits;
    const above = shift + this.bits >= 32 ? 0 : messages >>> (shift + this.bits);
    return (above << shift) | (messages & ((1 << shift) - 1));
  }

  /** Whether a response that carries this token is in flight. */
  hasResponseWith(messages: number, token: Token): boolean {
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
  withStatuses(messages: number, statusAfter: readonly Token[]): number {
    return this.mapMessages(messages, (message) => ({ ...message, token: statusAfter[message.token]! }));
  }

  private mapMessages(messages: number, change: (message: Message<Token>) => Message<Token> | null): number {
    let next = 0;
    for (let rest = messages; rest !== 0; rest >>>= this.bits) {
      const message = change(this.decode(rest & this.mask));
      if (message !== null) next = this.add(next, this.encode(message));
    }
    return next;
  }
}
