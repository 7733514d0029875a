import { randomUUID } from "node:crypto";
import fc from "fast-check";
import type { Asked } from "./fuzz-request";
import type { Target } from "./target";
import { routeOf, sentHeaders, type Facts } from "./exchange";
import { headerIn } from "./headers";
import { JUDGES, TYPED, type Oracle } from "./oracles";
import { AGENT, PASSWORD, Person, readRows } from "./test-user";
import { request } from "./fuzzed-requests";
import { render, type Sent } from "./rendered-request";
import { tamper } from "./tampering";
import { sendByFetch, sendBytes, type Outcome } from "./transport";
import type { Tally } from "./run-statistics";
import type { Meaning } from "./placeholders";

/** How long the log may take, and how long a line is waited for that need not come. */
const LOG_SECONDS = 10;
const SILENT_SECONDS = 0.05;

/** A request that an oracle did not let pass, as small as it could be made. */
export interface Finding {
  oracle: Oracle;
  complaint: string;
  sent: string;
  answer: string;
  seed: number;
  path: string;
}

class Broken extends Error {
  constructor(
    readonly oracle: Oracle,
    readonly complaint: string,
    readonly facts: Facts,
  ) {
    super(`${oracle}: ${complaint}`);
  }
}

/** One after the other, with two people of its own: one who sends, and one who must not notice. */
export class Lane {
  private constructor(
    private readonly target: Target,
    private readonly tally: Tally,
    private readonly person: Person,
    private readonly bystander: Person,
  ) {}

  static async open(target: Target, tally: Tally, passwordHash: string): Promise<Lane> {
    const [person, bystander] = await Promise.all([
      Person.plant(target.db, passwordHash),
      Person.plant(target.db, passwordHash),
    ]);
    return new Lane(target, tally, person, bystander);
  }

  /** Sends so many requests; what is found is sent again and again until nothing can be left out of it. */
  async run(count: number, seed: number, path: string | undefined): Promise<Finding | null> {
    let last: Broken | null = null;
    const property = fc.asyncProperty(request, async (asked) => {
      try {
        await this.exchange(asked);
      } catch (error) {
        if (error instanceof Broken) last = error;
        throw error;
      }
    });
    const details = await fc.check(property, { seed, path, numRuns: count, verbose: 0 });
    if (!details.failed) return null;
    const broken = (details.errorInstance instanceof Broken ? details.errorInstance : last) as Broken | null;
    if (broken === null) throw details.errorInstance;
    return findingOf(broken, seed, details.counterexamplePath ?? "");
  }

  private async exchange(asked: Asked): Promise<void> {
    const requestId = randomUUID();
    const sent = render(asked, this.meaning(requestId));
    const outcome = await this.send(asked, sent);
    const [answer = null] = outcome.answers;
    const [personRows, bystanderRows] = await readRows(this.target.db, [this.person, this.bystander]);
    const facts: Facts = {
      asked,
      sent,
      outcome,
      answer,
      route: routeOf(sent),
      person: this.person,
      bystander: this.bystander,
      origin: this.target.origin,
      secrets: this.target.secrets,
      log: await this.target.log.about(
        (answer && headerIn(answer.headers, "x-request-id")) ?? requestId,
        answer === null ? SILENT_SECONDS : LOG_SECONDS,
      ),
      bystanderDifference: this.bystander.difference(bystanderRows!),
      personDifference: this.person.difference(personRows!),
    };
    this.tally.count(facts);
    try {
      for (const [oracle, judge] of Object.entries(JUDGES) as [Oracle, (facts: Facts) => string | null][]) {
        const complaint = judge(facts);
        if (complaint !== null) throw new Broken(oracle, complaint, facts);
      }
    } finally {
      await this.settle(facts);
    }
  }

  /** Both are again as they were, so that what follows, or is sent once more, meets the same. */
  private async settle({ bystanderDifference, personDifference }: Facts): Promise<void> {
    if (bystanderDifference !== null) await this.bystander.restore();
    if (personDifference === null) return;
    this.tally.restored += 1;
    await this.person.restore();
  }

  private async send(asked: Asked, sent: Sent): Promise<Outcome> {
    const isPlain = asked.framing === null && asked.coding === "utf8" && asked.body !== "";
    const fetched = asked.prefersFetch && isPlain ? await sendByFetch(this.target.port, sent) : null;
    if (fetched !== null) return fetched;
    const hangsUp = asked.framing !== null || asked.kind === "raw" || sentHeaders(sent, "content-length").length > 1;
    return sendBytes(this.target.port, sent, { hangsUp, lingers: hangsUp });
  }

  private meaning(requestId: string): Meaning {
    const { target, person, bystander } = this;
    const plain: Record<string, () => string> = {
      origin: () => target.origin,
      host: () => new URL(target.origin).host,
      buildId: () => target.buildId,
      agent: () => AGENT,
      requestId: () => requestId,
      typed: () => TYPED,
      password: () => PASSWORD,
      newEmail: () => `new.${randomUUID()}@example.test`,
      email: () => person.email,
      session: () => person.sessionId,
      access: () => person.access,
      refresh: () => person.refresh,
      "bystander.email": () => bystander.email,
      "bystander.session": () => bystander.sessionId,
      "bystander.access": () => bystander.access,
      "bystander.refresh": () => bystander.refresh,
    };
    return (word, change, at) => {
      const said = plain[word]?.() ?? "";
      return change === undefined
        ? said
        : tamper(said, change, at, target.signingSecrets[word as "access" | "refresh"]);
    };
  }
}

function findingOf({ oracle, complaint, facts }: Broken, seed: number, path: string): Finding {
  const { answer, outcome } = facts;
  const shown = answer ?? outcome.answers[0];
  const head = shown?.headers.map(([name, value]) => `${name}: ${value}`).join("\n");
  return {
    oracle,
    complaint,
    // With its words unfilled: what is tied to the run is of no use to a reader.
    sent: shorten(render(facts.asked, wordItself).bytes.toString("latin1")),
    answer: shown === undefined ? "no answer" : shorten(`${shown.status}\n${head}\n\n${shown.body}`),
    seed,
    path,
  };
}

const wordItself: Meaning = (word, change, at) => `{{${word}${change === undefined ? "" : `|${change}:${at}`}}}`;

function shorten(text: string): string {
  return text.length > 2500 ? `${text.slice(0, 2000)} … ${text.length} characters` : text;
}
