import { CURRENT, PREVIOUS } from "./policy";

/** The maximum duration of each part of a request in ticks, inclusive. */
export interface Latencies {
  /** From sending to the `now` of the verdict; includes clock differences between instances. */
  requestLatency: number;
  /** From that instant to the last write to the row. */
  work: number;
  /** How much later a write may happen after its request was abandoned. */
  orphanDelay: number;
  /** From the arrival of the request until the browser has read the response. */
  responseLatency: number;
}

export type ValidToken = typeof CURRENT | typeof PREVIOUS;
export const WRITES = ["rotate", "reissue", "recover"] as const;
export type Write = (typeof WRITES)[number];

export function isWrite(verdict: string): verdict is Write {
  return (WRITES as readonly string[]).includes(verdict);
}

interface BitField {
  offset: number;
  ages: number;
}

/**
 * An abstraction for any number of messages: for each kind and age, one bit says whether such a message exists. One bit
 * represents one message or many, since each of many can do what one can. A message stays until it is too old: an extra
 * message only adds behaviour, and a lost one is covered because delivery is never required.
 */
export class MessageSet {
  readonly sent: readonly [BitField, BitField];
  readonly arrived: readonly [BitField, BitField];
  readonly responses: readonly [BitField, BitField];
  /** Requests that have been judged and have not written yet. */
  readonly decided: Readonly<Record<Write, BitField>>;
  private readonly fields: BitField[] = [];

  constructor({ requestLatency, work, orphanDelay, responseLatency }: Latencies) {
    const written = work + orphanDelay;
    this.sent = [this.field(requestLatency), this.field(requestLatency)];
    this.arrived = [this.field(work), this.field(work)];
    this.decided = { rotate: this.field(written), reissue: this.field(written), recover: this.field(written) };
    this.responses = [this.field(responseLatency), this.field(responseLatency)];
    const { offset, ages } = this.fields[this.fields.length - 1]!;
    if (offset + ages > 31) throw new Error("Too many kinds of messages for one integer: choose smaller latencies");
  }

  private field(oldest: number): BitField {
    const last = this.fields[this.fields.length - 1] ?? { offset: 0, ages: 0 };
    const field = { offset: last.offset + last.ages, ages: oldest + 1 };
    this.fields.push(field);
    return field;
  }

  private has(messages: number, { offset }: BitField, age: number): boolean {
    return ((messages >>> (offset + age)) & 1) === 1;
  }

  with(messages: number, field: BitField, age: number): number {
    return age < field.ages ? messages | (1 << (field.offset + age)) : messages;
  }

  ages(messages: number, field: BitField): number[] {
    const ages: number[] = [];
    for (let age = 0; age < field.ages; age++) if (this.has(messages, field, age)) ages.push(age);
    return ages;
  }

  /** One tick later. Messages older than the bound are dropped. */
  aged(messages: number): number {
    return this.fields.reduce((later, field) => later | put(field, take(messages, field) << 1), 0);
  }

  /** The browser may send its token at any time, and a request in flight may arrive at any time. */
  withSends(messages: number, token: ValidToken): number {
    let next = this.with(messages, this.sent[token], 0);
    for (const status of [CURRENT, PREVIOUS] as const) {
      if (take(next, this.sent[status]) !== 0) next = this.with(next, this.arrived[status], 0);
    }
    return next;
  }

  /** Requests that judged an outdated row lose the race and read again. */
  requeued(messages: number): number {
    let next = messages;
    for (const write of WRITES) {
      const field = this.decided[write];
      const from = this.arrived[write === "rotate" ? CURRENT : PREVIOUS];
      next = (next & ~put(field, -1)) | put(from, take(messages, field));
    }
    return next;
  }

  /** Requests that are about to write a rotation. */
  rotating(messages: number): number {
    return put(this.decided.rotate, take(messages, this.decided.rotate));
  }

  /** After a new token was issued. Returns what still carries the token that became invalid, if anything does. */
  withStatuses(messages: number, write: "rotate" | "recover"): number | "request" | "response" {
    const invalidated = write === "rotate" ? PREVIOUS : CURRENT;
    let next = 0;
    for (const fields of [this.sent, this.arrived, this.responses]) {
      if (take(messages, fields[invalidated]) !== 0) return fields === this.responses ? "response" : "request";
      next |= put(fields[PREVIOUS], take(messages, fields[write === "rotate" ? CURRENT : PREVIOUS]));
    }
    return next;
  }
}

function take(messages: number, { offset, ages }: BitField): number {
  return (messages >>> offset) & ((1 << ages) - 1);
}

function put({ offset, ages }: BitField, field: number): number {
  return (field & ((1 << ages) - 1)) << offset;
}
