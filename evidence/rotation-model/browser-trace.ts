import { eventOf, type Event } from "./browser-events";
import type { BrowserModel } from "./browser-model";
import { OUTCOMES } from "./invariants";
import { CURRENT, DEAD, PREVIOUS, REMEMBERED, type Policy, type Standing, type VerdictKind } from "./policy";
import type { Invariant } from "./search";
import { standingsAfter } from "./session-row";

interface Letter {
  name: string;
  isReply: boolean;
  isSecondAgents: boolean;
  token: number;
  sentAt: number;
  movedAt: number;
}

/** A counter-example in words, one line for each tick in which something happens. Tokens are numbered as they are made. */
export class BrowserStory {
  private readonly lines: string[] = [];
  private time = 0;
  private toldAt = -1;
  private made = 0;
  /** The number of the token in each standing. */
  private readonly tokens: (number | null)[] = [0, null, null, null];
  private jar = 0;
  private asleep = 0;
  private letters: Letter[] = [];
  private named = 0;

  constructor(
    private readonly model: BrowserModel,
    private readonly policy: Policy,
  ) {}

  tell(events: number[], invariant: Invariant | null): string[] {
    for (const packed of events) this.follow(eventOf(packed));
    if (invariant !== null) this.say(OUTCOMES[invariant]);
    return this.lines;
  }

  private follow(event: Event): void {
    switch (event.kind) {
      case "tick":
        this.time++;
        return;
      case "send":
        this.letters.push({
          name: "",
          isReply: false,
          isSecondAgents: event.which === 1,
          token: this.jar,
          sentAt: this.time,
          movedAt: this.time,
        });
        return;
      case "judge":
        return this.judge(this.find(event.which), event.verdict);
      case "lose":
        this.letters.splice(this.letters.indexOf(this.find(event.which)), 1);
        return;
      case "receive":
      case "doze":
        return this.receive(this.find(event.which), event.kind === "doze");
      case "wake":
        this.jar = this.asleep;
        return this.say(`The sleeping answer wakes: the jar holds T${this.jar}.`);
      case "revoke":
        return this.say("The session is revoked.");
      case "steal":
        return this.say(`The jar is copied: the thief has T${this.jar}.`);
      case "thief": {
        const token = this.tokens[event.which]!;
        return this.say(`The thief presents T${token}: ${this.perform(event.verdict)}.`);
      }
    }
  }

  private judge(letter: Letter, verdict: VerdictKind): void {
    letter.name = String.fromCharCode(65 + (this.named++ % 26));
    const since = letter.sentAt === this.time ? "" : ` (sent at ${letter.sentAt})`;
    const agent = letter.isSecondAgents ? ", with the second user agent," : "";
    this.say(`${letter.name}${since}${agent} presents T${letter.token}: ${this.perform(verdict)}.`);
    letter.isReply = true;
    letter.isSecondAgents = false;
    letter.token = this.tokens[CURRENT]!;
    letter.movedAt = this.time;
    const hasCookie = verdict === "fresh" ? this.policy.resendsOnFresh : verdict !== "replayed" && verdict !== "ended";
    if (!hasCookie) this.letters.splice(this.letters.indexOf(letter), 1);
  }

  private receive(letter: Letter, dozes: boolean): void {
    this.letters.splice(this.letters.indexOf(letter), 1);
    if (dozes) this.asleep = letter.token;
    else this.jar = letter.token;
    const what = dozes ? `with T${letter.token} falls asleep in its socket` : `arrives: the jar holds T${letter.token}`;
    this.say(`The answer to ${letter.name} ${what}.`);
  }

  private perform(verdict: VerdictKind): string {
    if (verdict !== "rotate" && verdict !== "recover") {
      return verdict === "reissue" ? `reissue, T${this.tokens[CURRENT]} once more` : verdict;
    }
    const before = [...this.tokens];
    const becomes = standingsAfter(verdict, this.policy);
    this.tokens.fill(null);
    for (const standing of [DEAD, REMEMBERED, PREVIOUS, CURRENT] as const) {
      if (before[standing] !== null && becomes[standing] !== DEAD) this.tokens[becomes[standing]!] = before[standing]!;
    }
    this.tokens[CURRENT] = ++this.made;
    return `${verdict}, T${this.made}${verdict === "recover" ? ` in place of T${before[CURRENT]}` : ""}`;
  }

  /** Of messages that look the same any one will do. */
  private find(code: number): Letter {
    const { isReply, isSecondAgents, token, age } = this.model.flights.messageOf(code);
    const standingOf = (number: number) => {
      const index = this.tokens.indexOf(number);
      return (index === -1 ? DEAD : index) as Standing;
    };
    return this.letters.find(
      (letter) =>
        letter.isReply === isReply &&
        letter.isSecondAgents === isSecondAgents &&
        standingOf(letter.token) === token &&
        this.time - letter.movedAt === age,
    )!;
  }

  private say(sentence: string): void {
    if (this.toldAt === this.time) this.lines.push(`${this.lines.pop()} ${sentence}`);
    else this.lines.push(`t=${this.time}: ${sentence}`);
    this.toldAt = this.time;
  }
}
