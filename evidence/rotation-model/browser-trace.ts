import { unpackEvent, type Event } from "./browser-events";
import type { BrowserModel } from "./browser-model";
import { OUTCOMES } from "./invariants";
import { CURRENT, INVALID, PREVIOUS, REMEMBERED, type Policy, type TokenStatus, type VerdictKind } from "./policy";
import type { Invariant } from "./search";
import { statusesAfter } from "./session-row";

interface Message {
  name: string;
  isResponse: boolean;
  isSecondUserAgent: boolean;
  token: number;
  sentAt: number;
  movedAt: number;
}

/** Writes a counterexample in words, one line for each tick with an event. Tokens are numbered in the order of issue. */
export class BrowserTraceFormatter {
  private readonly lines: string[] = [];
  private time = 0;
  private lastWrittenAt = -1;
  private issuedCount = 0;
  /** The number of the token with each status. */
  private readonly tokens: (number | null)[] = [0, null, null, null];
  private cookieJar = 0;
  private delayed = 0;
  private messages: Message[] = [];
  private judgedCount = 0;

  constructor(
    private readonly model: BrowserModel,
    private readonly policy: Policy,
  ) {}

  format(events: number[], invariant: Invariant | null): string[] {
    for (const packed of events) this.apply(unpackEvent(packed));
    if (invariant !== null) this.append(OUTCOMES[invariant]);
    return this.lines;
  }

  private apply(event: Event): void {
    switch (event.kind) {
      case "tick":
        this.time++;
        return;
      case "send":
        this.messages.push({
          name: "",
          isResponse: false,
          isSecondUserAgent: event.subject === 1,
          token: this.cookieJar,
          sentAt: this.time,
          movedAt: this.time,
        });
        return;
      case "judge":
        return this.judge(this.find(event.subject), event.verdict);
      case "lose":
        this.messages.splice(this.messages.indexOf(this.find(event.subject)), 1);
        return;
      case "receive":
      case "delay":
        return this.receive(this.find(event.subject), event.kind === "delay");
      case "receiveDelayed":
        this.cookieJar = this.delayed;
        return this.append(`The delayed response arrives: the cookie jar holds T${this.cookieJar}.`);
      case "revoke":
        return this.append("The session is revoked.");
      case "copy":
        return this.append(`The cookie jar is copied: the attacker has T${this.cookieJar}.`);
      case "attacker": {
        const token = this.tokens[event.subject]!;
        return this.append(`The attacker presents T${token}: ${this.applyVerdict(event.verdict)}.`);
      }
    }
  }

  private judge(message: Message, verdict: VerdictKind): void {
    message.name = String.fromCharCode(65 + (this.judgedCount++ % 26));
    const facts = [
      ...(message.sentAt === this.time ? [] : [`sent at t=${message.sentAt}`]),
      ...(message.isSecondUserAgent ? ["second user agent"] : []),
    ];
    const details = facts.length > 0 ? ` (${facts.join(", ")})` : "";
    this.append(`Request ${message.name}${details} presents T${message.token}: ${this.applyVerdict(verdict)}.`);
    message.isResponse = true;
    message.isSecondUserAgent = false;
    message.token = this.tokens[CURRENT]!;
    message.movedAt = this.time;
    const hasCookie = verdict === "fresh" ? this.policy.resendsOnFresh : verdict !== "replayed" && verdict !== "ended";
    if (!hasCookie) this.messages.splice(this.messages.indexOf(message), 1);
  }

  private receive(message: Message, isDelayed: boolean): void {
    this.messages.splice(this.messages.indexOf(message), 1);
    if (isDelayed) this.delayed = message.token;
    else this.cookieJar = message.token;
    const what = isDelayed ? `with T${message.token} is delayed` : `arrives: the cookie jar holds T${message.token}`;
    this.append(`The response to ${message.name} ${what}.`);
  }

  private applyVerdict(verdict: VerdictKind): string {
    if (verdict !== "rotate" && verdict !== "recover") {
      return verdict === "reissue" ? `reissue, T${this.tokens[CURRENT]} again` : verdict;
    }
    const before = [...this.tokens];
    const statusAfter = statusesAfter(verdict, this.policy);
    this.tokens.fill(null);
    for (const status of [INVALID, REMEMBERED, PREVIOUS, CURRENT] as const) {
      if (before[status] !== null && statusAfter[status] !== INVALID)
        this.tokens[statusAfter[status]!] = before[status]!;
    }
    this.tokens[CURRENT] = ++this.issuedCount;
    return `${verdict}, T${this.issuedCount}${verdict === "recover" ? ` replaces T${before[CURRENT]}` : ""}`;
  }

  /** Messages with the same code are interchangeable. */
  private find(code: number): Message {
    const { isResponse, isSecondUserAgent, token, age } = this.model.bag.decode(code);
    const statusOf = (number: number) => {
      const index = this.tokens.indexOf(number);
      return (index === -1 ? INVALID : index) as TokenStatus;
    };
    return this.messages.find(
      (message) =>
        message.isResponse === isResponse &&
        message.isSecondUserAgent === isSecondUserAgent &&
        statusOf(message.token) === token &&
        this.time - message.movedAt === age,
    )!;
  }

  private append(sentence: string): void {
    if (this.lastWrittenAt === this.time) this.lines.push(`${this.lines.pop()} ${sentence}`);
    else this.lines.push(`t=${this.time}: ${sentence}`);
    this.lastWrittenAt = this.time;
  }
}
