import { CURRENT, PREVIOUS } from "./policy";

/** How long each part of a request may take, in ticks, both ends included. */
export interface Legs {
  /** From the browser to the instant that it is judged by; clocks of instances that differ count here, too. */
  uplink: number;
  /** From that instant to the end of the work on the row. */
  work: number;
  /** How much later a write may still happen that nobody waits for any more. */
  strays: number;
  /** From its arrival to the moment the browser has read the answer. */
  life: number;
}

export type Living = typeof CURRENT | typeof PREVIOUS;
export const WRITES = ["rotate", "reissue", "recover"] as const;
export type Write = (typeof WRITES)[number];

interface Lane {
  offset: number;
  ages: number;
}

/**
 * Any number of requests, as a set: for each kind of message and each age whether there is one. A set stands for all crowds
 * made of it, as whatever one request can do, many like it can do. Nothing needs to be taken out: to be lost, or to have
 * been one of several, is always possible.
 */
export class Crowd {
  readonly sent: readonly [Lane, Lane];
  readonly arrived: readonly [Lane, Lane];
  readonly answers: readonly [Lane, Lane];
  /** What has been judged and not written yet. */
  readonly decided: Readonly<Record<Write, Lane>>;
  private readonly lanes: Lane[] = [];

  constructor({ uplink, work, strays, life }: Legs) {
    const written = work + strays;
    this.sent = [this.lane(uplink), this.lane(uplink)];
    this.arrived = [this.lane(work), this.lane(work)];
    this.decided = { rotate: this.lane(written), reissue: this.lane(written), recover: this.lane(written) };
    this.answers = [this.lane(life), this.lane(life)];
    const { offset, ages } = this.lanes[this.lanes.length - 1]!;
    if (offset + ages > 31) throw new Error("Too many kinds of messages for one integer: choose shorter legs");
  }

  private lane(oldest: number): Lane {
    const last = this.lanes[this.lanes.length - 1] ?? { offset: 0, ages: 0 };
    const lane = { offset: last.offset + last.ages, ages: oldest + 1 };
    this.lanes.push(lane);
    return lane;
  }

  private has(crowd: number, { offset }: Lane, age: number): boolean {
    return ((crowd >>> (offset + age)) & 1) === 1;
  }

  with(crowd: number, lane: Lane, age: number): number {
    return age < lane.ages ? crowd | (1 << (lane.offset + age)) : crowd;
  }

  ages(crowd: number, lane: Lane): number[] {
    const ages: number[] = [];
    for (let age = 0; age < lane.ages; age++) if (this.has(crowd, lane, age)) ages.push(age);
    return ages;
  }

  /** A tick later: what gets too old is lost, or given up. */
  older(crowd: number): number {
    return this.lanes.reduce((later, lane) => later | put(lane, take(crowd, lane) << 1), 0);
  }

  /** The browser sends its token all the time, and what is on its way may arrive at any time. */
  sending(crowd: number, token: Living): number {
    let next = this.with(crowd, this.sent[token], 0);
    for (const standing of [CURRENT, PREVIOUS] as const) {
      if (take(next, this.sent[standing]) !== 0) next = this.with(next, this.arrived[standing], 0);
    }
    return next;
  }

  /** Whoever has judged a row that has changed since loses the race, and reads again. */
  undecided(crowd: number): number {
    let next = crowd;
    for (const write of WRITES) {
      const lane = this.decided[write];
      const from = this.arrived[write === "rotate" ? CURRENT : PREVIOUS];
      next = (next & ~put(lane, -1)) | put(from, take(crowd, lane));
    }
    return next;
  }

  /** Who is about to rotate. */
  rotating(crowd: number): number {
    return put(this.decided.rotate, take(crowd, this.decided.rotate));
  }

  /** After a new token was made: the current ones are previous now, or dead if it replaces them. Names what a dead token is in. */
  retagged(crowd: number, write: "rotate" | "recover"): number | "request" | "answer" {
    const dying = write === "rotate" ? PREVIOUS : CURRENT;
    let next = 0;
    for (const lanes of [this.sent, this.arrived, this.answers]) {
      if (take(crowd, lanes[dying]) !== 0) return lanes === this.answers ? "answer" : "request";
      next |= put(lanes[PREVIOUS], take(crowd, lanes[write === "rotate" ? CURRENT : PREVIOUS]));
    }
    return next;
  }
}

function take(crowd: number, { offset, ages }: Lane): number {
  return (crowd >>> offset) & ((1 << ages) - 1);
}

function put({ offset, ages }: Lane, field: number): number {
  return (field & ((1 << ages) - 1)) << offset;
}
