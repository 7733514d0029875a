import { CURRENT, PREVIOUS } from "./policy";

/** How long each part of a request may take, in ticks, both ends included. */
export interface Latencies {
  /** From the browser to the instant that it is judged by; clocks of instances that differ count here, too. */
  requestLatency: number;
  /** From that instant to the end of the work on the row. */
  work: number;
  /** How much later a write may still happen that nobody waits for any more. */
  orphanDelay: number;
  /** From its arrival to the moment the browser has read the answer. */
  responseLatency: number;
}

export type ValidToken = typeof CURRENT | typeof PREVIOUS;
export const WRITES = ["rotate", "reissue", "recover"] as const;
export type Write = (typeof WRITES)[number];

interface BitField {
  offset: number;
  ages: number;
}

/**
 * Any number of requests, as a set: for each kind of message and each age whether there is one. A set stands for all crowds
 * made of it, as whatever one request can do, many like it can do. Nothing needs to be taken out: to be lost, or to have
 * been one of several, is always possible.
 */
export class MessageSet {
  readonly sent: readonly [BitField, BitField];
  readonly arrived: readonly [BitField, BitField];
  readonly responses: readonly [BitField, BitField];
  /** What has been judged and not written yet. */
  readonly decided: Readonly<Record<Write, BitField>>;
  private readonly fields: BitField[] = [];

  constructor({ requestLatency, work, orphanDelay, responseLatency }: Latencies) {
    const written = work + orphanDelay;
    this.sent = [this.field(requestLatency), this.field(requestLatency)];
    this.arrived = [this.field(work), this.field(work)];
    this.decided = { rotate: this.field(written), reissue: this.field(written), recover: this.field(written) };
    this.responses = [this.field(responseLatency), this.field(responseLatency)];
    const { offset, ages } = this.fields[this.fields.length - 1]!;
    if (offset + ages > 31) throw new Error("Too many kinds of messages for one integer: choose shorter legs");
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

  /** A tick later: what gets too old is lost, or given up. */
  aged(messages: number): number {
    return this.fields.reduce((later, field) => later | put(field, take(messages, field) << 1), 0);
  }

  /** The browser sends its token all the time, and what is on its way may arrive at any time. */
  withSends(messages: number, token: ValidToken): number {
    let next = this.with(messages, this.sent[token], 0);
    for (const status of [CURRENT, PREVIOUS] as const) {
      if (take(next, this.sent[status]) !== 0) next = this.with(next, this.arrived[status], 0);
    }
    return next;
  }

  /** Whoever has judged a row that has changed since loses the race, and reads again. */
  requeued(messages: number): number {
    let next = messages;
    for (const write of WRITES) {
      const field = this.decided[write];
      const from = this.arrived[write === "rotate" ? CURRENT : PREVIOUS];
      next = (next & ~put(field, -1)) | put(from, take(messages, field));
    }
    return next;
  }

  /** Who is about to rotate. */
  rotating(messages: number): number {
    return put(this.decided.rotate, take(messages, this.decided.rotate));
  }

  /** After a new token was made: the current ones are previous now, or dead if it replaces them. Names what a dead token is in. */
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
