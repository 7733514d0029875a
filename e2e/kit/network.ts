import { leaveEvidence } from "./redaction-records";
import { ForwardProxy, type Verdict } from "./forward-proxy";
import { matches, type Exchange, type Matching } from "./http-exchange";

export interface LostReplies {
  /** Resolves when the server has done the work whose answer is lost first. */
  first: Promise<Exchange>;
  /** From now on answers arrive again. */
  end: () => void;
}

export interface HeldReply {
  /** Resolves when the server has done its work; the browser does not know it yet. */
  answered: Promise<Exchange>;
  /** Lets the browser have the answer. */
  release: () => void;
}

interface Rule {
  matching: Matching;
  /** How many more replies it concerns. */
  left: number;
  judge: (exchange: Exchange) => Promise<Verdict>;
}

/**
 * The wire between one test's browsers and the app. The app is real, its answers are real; the test decides which of them
 * arrive, when, and from which network the browsers seem to come.
 */
export class Wire {
  /** Everything that was asked, in order. What is encrypted passes through unseen. */
  readonly exchanges: Exchange[] = [];
  readonly #rules: Rule[] = [];

  private constructor(private readonly proxy: ForwardProxy) {}

  static async open(): Promise<Wire> {
    const wire: Wire = new Wire(await ForwardProxy.open((exchange) => wire.#judge(exchange)));
    return wire;
  }

  /** What browsers use as their proxy. */
  get url(): string {
    return this.proxy.url;
  }

  async close(): Promise<void> {
    await this.proxy.close();
    leaveEvidence(this.exchanges, this.proxy.tunnels);
  }

  /** Browsers seem to come from here, as far as an app on this machine can see: any address in 127.0.0.0/8. */
  moveTo(address: string): void {
    this.proxy.address = address;
  }

  /** No request gets through until `mend`: the laptop is shut, the train is in a tunnel. */
  cut(): void {
    this.proxy.cut();
  }

  mend(): void {
    this.proxy.mend();
  }

  /**
   * Lets the server do its work and throws its answers away: neither page nor cookie arrives. A browser whose connection
   * was in use before silently asks once more, and that answer is the next one.
   */
  loseReplies(matching: Matching, count = Number.POSITIVE_INFINITY): LostReplies {
    const [first, lose] = promised<Exchange>();
    const rule = this.#add(matching, count, async (exchange) => {
      lose(exchange);
      return "lose";
    });
    return { first, end: () => (rule.left = 0) };
  }

  loseNextReply(matching: Matching): LostReplies {
    return this.loseReplies(matching, 1);
  }

  /** Keeps the next answer that matches until it is released. */
  holdReply(matching: Matching): HeldReply {
    const [answered, answer] = promised<Exchange>();
    const [released, release] = promised<void>();
    this.#add(matching, 1, async (exchange) => {
      answer(exchange);
      await released;
      return "deliver";
    });
    return { answered, release };
  }

  #add(matching: Matching, left: number, judge: Rule["judge"]): Rule {
    const rule = { matching, left, judge };
    this.#rules.push(rule);
    return rule;
  }

  /** What to do with the answer to a request that is about to be carried; null if nothing is the matter with it. */
  #judge(exchange: Exchange): (() => Promise<Verdict>) | null {
    this.exchanges.push(exchange);
    const rule = this.#rules.find(({ left, matching }) => left > 0 && matches(matching, exchange));
    if (rule === undefined) return null;
    rule.left -= 1;
    return () => rule.judge(exchange);
  }
}

function promised<Value>(): [Promise<Value>, (value: Value) => void] {
  let resolve!: (value: Value) => void;
  const promise = new Promise<Value>((settle) => (resolve = settle));
  return [promise, resolve];
}
