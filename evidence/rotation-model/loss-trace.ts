import { OUTCOMES } from "./invariants";
import type { LossBounds } from "./loss-bounds";
import { unpackLossEvent, type LossEvent } from "./loss-events";
import type { LossModel } from "./loss-model";
import type { Invariant } from "./search";

interface Message {
  name: string;
  isResponse: boolean;
  isSecondUserAgent: boolean;
  token: number;
  sentAt: number;
  movedAt: number;
}

const WHERE = { judge: "", judgeElsewhere: " on the other instance", judgeLagging: " on a node that lags" } as const;

/** Writes a counterexample in words, one line for each tick with an event. A token has the number of its generation. */
export class LossTraceFormatter {
  private readonly lines: string[] = [];
  private time = 0;
  private lastWrittenAt = -1;
  private messages: Message[] = [];
  private judgedCount = 0;
  private cookieJar = 0;
  private rowToken = 0;
  /** Commits since the instant to which a loss goes back. */
  private commits = 0;
  /** The nonces of each generation, in the order of their appearance. */
  private readonly nonces: string[][] = [];

  constructor(
    private readonly model: LossModel,
    private readonly bounds: LossBounds,
  ) {}

  format(events: number[], invariant: Invariant): string[] {
    for (const packed of events) this.apply(unpackLossEvent(packed));
    this.append(OUTCOMES[invariant]);
    return this.lines;
  }

  private apply(event: LossEvent): void {
    const { bounds } = this;
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
      case "drop":
        this.messages.splice(this.messages.indexOf(this.find(event.subject)), 1);
        return;
      case "receive": {
        const message = this.find(event.subject);
        this.messages.splice(this.messages.indexOf(message), 1);
        this.cookieJar = message.token;
        return this.append(
          `The response to ${message.name} arrives: the cookie jar holds ${this.nameOf(message.token)}.`,
        );
      }
      case "judge":
      case "judgeElsewhere":
      case "judgeLagging":
        return this.judge(event, WHERE[event.kind]);
      case "keep":
        this.commits = 0;
        if (bounds.hasLaggingNode) return this.append("A node begins to lag.");
        return this.append(bounds.forgetsMemory ? "A backup is taken." : "A replica falls behind.");
      case "lose": {
        const lost = `its last ${this.commits === 1 ? "commit" : `${this.commits} commits`}`;
        this.commits = 0;
        this.rowToken = event.rowToken!;
        const what = bounds.forgetsMemory ? "The backup is restored: the database has lost" : "The database loses";
        return this.append(`${what} ${lost}, its row is at ${this.nameOf(this.rowToken)}.`);
      }
      case "revoke":
        this.commits++;
        return this.append("The session is revoked on one instance.");
      case "learn":
        return this.append("The other instance learns of the revocation.");
      case "copy":
        return this.append(`The cookie jar is copied: the attacker has ${this.nameOf(this.cookieJar)}.`);
      case "attacker":
        return this.append(`The attacker presents ${this.nameOf(event.subject)}: ${this.applyVerdict(event)}.`);
    }
  }

  private judge(event: LossEvent, where: string): void {
    const message = this.find(event.subject);
    message.name = String.fromCharCode(65 + (this.judgedCount++ % 26));
    const facts = [
      ...(message.sentAt === this.time ? [] : [`sent at t=${message.sentAt}`]),
      ...(message.isSecondUserAgent ? ["second user agent"] : []),
    ];
    const details = facts.length > 0 ? ` (${facts.join(", ")})` : "";
    const name = this.nameOf(message.token);
    this.append(`Request ${message.name}${details} presents ${name}${where}: ${this.applyVerdict(event)}.`);
    if (["rotate", "reissue", "recover"].includes(event.verdict) && event.rowToken !== null) {
      Object.assign(message, { isResponse: true, isSecondUserAgent: false, token: event.rowToken, movedAt: this.time });
    } else this.messages.splice(this.messages.indexOf(message), 1);
  }

  private applyVerdict({ verdict, rowToken }: LossEvent): string {
    if (rowToken === null) return `${verdict}, but the row has changed`;
    const before = this.rowToken;
    this.rowToken = rowToken;
    if (verdict === "fresh" || verdict === "replayed" || verdict === "ended") return verdict;
    this.commits++;
    const name = this.nameOf(rowToken);
    if (verdict === "rotate") return `rotate, ${name}`;
    if (verdict === "reissue") return `reissue, ${name} again`;
    if (verdict === "recover") return `recover, ${name} replaces ${this.nameOf(before)}`;
    return `ahead, the row moves from ${this.nameOf(before)} to ${name}`;
  }

  /** T2, or T2′ for a second nonce of that generation. */
  private nameOf(token: number): string {
    const { generation, currentNonce } = this.model.tree.tokens[token]!;
    const nonces = (this.nonces[generation] ??= []);
    if (!nonces.includes(currentNonce)) nonces.push(currentNonce);
    return `T${generation}${"′".repeat(nonces.indexOf(currentNonce))}`;
  }

  /** Messages with the same code are interchangeable. */
  private find(code: number): Message {
    const { isResponse, isSecondUserAgent, token, age } = this.model.bag.decode(code);
    return this.messages.find(
      (message) =>
        message.isResponse === isResponse &&
        message.isSecondUserAgent === isSecondUserAgent &&
        message.token === token &&
        this.time - message.movedAt === age,
    )!;
  }

  private append(sentence: string): void {
    if (this.lastWrittenAt === this.time) this.lines.push(`${this.lines.pop()} ${sentence}`);
    else this.lines.push(`t=${this.time}: ${sentence}`);
    this.lastWrittenAt = this.time;
  }
}
